/** What a proxy makes of a path before it looks for a route, with the settings of `envoy/edge-defaults.ts`. */
export type NormalizedPath =
  /** Path with query, as matches and backends see it. */
  | { readonly kind: "path"; readonly path: string }
  /** The client is sent to the spelling that is meant. */
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * Normalises a path with its query: escaped slashes are unescaped and redirected to, backslashes become slashes, dot
 * segments go, needless escapes too, and slashes are merged. The query stays as it is.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto
 */
export function normalizePath(sent: string): NormalizedPath {
  if (!sent.startsWith("/")) return invalid("The path does not begin with a slash");
  if (/[^\x21-\x7e]/.test(sent)) return invalid("The path holds a character that has to be escaped");
  if (sent.includes("#")) return invalid("The path holds a fragment");
  const question = sent.indexOf("?");
  const [path, query] = question < 0 ? [sent, ""] : [sent.slice(0, question), sent.slice(question)];
  if (/%00/.test(path)) return invalid("The path holds an escaped NUL");
  const unescaped = path.replaceAll(/%2f/gi, "/").replaceAll(/%5c/gi, "\\");
  const normalized = `${mergeSlashes(removeDotSegments(unescaped.replaceAll("\\", "/")))}${query}`;
  return unescaped === path ? { kind: "path", path: normalized } : { kind: "redirect", location: normalized };
}

function invalid(reason: string): NormalizedPath {
  return { kind: "invalid", reason };
}

/** An empty segment counts as one: `..` takes it back. */
function removeDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  segments.forEach((segment, index) => {
    const dots = dotsOf(segment);
    if (dots === "..") kept.pop();
    if (dots === undefined) kept.push(normalizeEscapes(segment));
    else if (index === segments.length - 1) kept.push("");
  });
  return `/${kept.join("/")}`;
}

/** Dots may be escaped, or be followed by parameters, but not both. */
function dotsOf(segment: string): "." | ".." | undefined {
  const semicolon = segment.indexOf(";");
  const dots = semicolon < 0 ? segment.replaceAll(/%2e/gi, ".") : segment.slice(0, semicolon);
  return dots === "." || dots === ".." ? dots : undefined;
}

/** Escapes what no path may hold, and unescapes what needs no escape; all other escapes stay as they are. */
function normalizeEscapes(segment: string): string {
  return segment.replaceAll(/%[0-9a-f]{2}|["<>^`{|}]/gi, (found) => {
    if (found.length === 1) return `%${found.charCodeAt(0).toString(16).toUpperCase()}`;
    const character = String.fromCharCode(Number.parseInt(found.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : found;
  });
}

/** A path of slashes alone keeps two: Envoy puts the first and the last back. */
function mergeSlashes(path: string): string {
  if (!path.includes("//")) return path;
  const segments = path.split("/").filter((segment) => segment !== "");
  return `/${segments.join("/")}${path.endsWith("/") ? "/" : ""}`;
}
