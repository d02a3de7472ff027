import type { HttpPathMatch, HttpPathModifier } from "../../core/gateway-api.ts";
import { trimmedPrefix } from "./route-match.ts";

/** How Envoy says a change of the path, in a rewrite as well as in a redirect. */
export type PathRewrite =
  | { readonly prefixRewrite: string }
  | { readonly regexRewrite: { readonly pattern: { readonly regex: string }; readonly substitution: string } };

/** Says how to replace the prefix that the match found; undefined when nothing changes. */
export function rewritePrefix(path: HttpPathMatch, replacement: string): PathRewrite | undefined {
  const prefix = trimmedPrefix(path.value);
  const target = trimmedPrefix(replacement);
  if (prefix === target) return undefined;
  // The prefix `/` holds the slash that the rest of the path begins with.
  if (prefix === "") return { prefixRewrite: `${target}/` };
  if (target !== "") return { prefixRewrite: target };
  // Replacing `/foo` by `/` must turn `/foo/bar` into `/bar` and `/foo` into `/`, neither `//bar` nor nothing.
  return { regexRewrite: { pattern: { regex: `^${quoteRegex(prefix)}/*` }, substitution: "/" } };
}

/** Says how to replace the whole path; the query stays. */
export function rewriteFullPath(replacement: string): PathRewrite {
  // In a substitution, a backslash and a digit would stand for a group of the pattern.
  const substitution = absolutePath(replacement).replaceAll("\\", "\\\\");
  return { regexRewrite: { pattern: { regex: "^/.*$" }, substitution } };
}

/** The path of a ReplaceFullPath, which may be empty. */
export function absolutePath(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

/** Whether a modifier can be applied: a prefix can be replaced only where a prefix is matched. */
export function modifierFitsMatch(modifier: HttpPathModifier | undefined, path: HttpPathMatch): boolean {
  return modifier?.type !== "ReplacePrefixMatch" || path.type === "PathPrefix";
}

function quoteRegex(text: string): string {
  return text.replace(/[^A-Za-z0-9/_\u0080-\uffff-]/g, (character) => `\\${character}`);
}
