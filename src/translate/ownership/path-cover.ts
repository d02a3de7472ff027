/** Which paths lie below which, for claims: a prefix covers what lies below it. */
import type { HttpPathMatch } from "../../core/gateway-api.ts";
import { isBelow, trimPath } from "../../core/path.ts";

/**
 * What a match claims: an exact path, or everything below a folder. A regular expression claims the folder that its
 * literal beginning names: more of it cannot be known without trying every path.
 */
export function claimedPath({ type, value }: HttpPathMatch): {
  readonly type: HttpPathMatch["type"];
  readonly value: string;
} {
  switch (type) {
    case "Exact":
      return { type, value };
    case "PathPrefix":
      return { type, value: trimPath(value) };
    default:
      return { type, value: literalFolder(value) };
  }
}

/** Whether a match may take requests at or below a prefix, which is trimmed. */
export function reachesBelow(match: HttpPathMatch, prefix: string): boolean {
  const { type, value } = claimedPath(match);
  return isBelow(value, prefix) || (type !== "Exact" && isBelow(prefix, value));
}

/** Characters that stand for themselves in a regular expression; anything else ends what is literal. */
const literalBeginning = /^\^?((?:[A-Za-z0-9_~:@!%&=',;/-]|\\[./-])*)/;

/** What begins with one of these is something of its own: a quantifier behind it says nothing about what is before it. */
const startsSomething = /^(?:[.[]|\((?!\?)|\(\?(?::|P?<)|\\[pPdDsSwW])/;

function literalFolder(pattern: string): string {
  if (hasAlternatives(pattern)) return "/";
  const [matched = "", beginning = ""] = literalBeginning.exec(pattern) ?? [];
  const rest = pattern.slice(matched.length);
  const literal = beginning.replaceAll("\\", "");
  if (rest === "" || rest === "$") return trimPath(literal);
  // The last segment may go on. What a quantifier follows may be missing, also where flags or an empty quotation stand between.
  const certain = startsSomething.test(rest) ? literal : literal.slice(0, -1);
  return trimPath(certain.slice(0, certain.lastIndexOf("/") + 1));
}

/** `|` outside of a character class or an escape: what begins before it is not how every path begins. */
function hasAlternatives(pattern: string): boolean {
  return pattern.replaceAll(/\\./g, "").includes("|");
}

/** Where Certificate authorities look for proof: https://www.rfc-editor.org/rfc/rfc8555#section-8.3 */
const acmeFolder = "/.well-known/acme-challenge";

/** Whether a match is for ACME challenges only. */
export function isAcmeChallenge({ type, value }: HttpPathMatch): boolean {
  return type !== "RegularExpression" && isBelow(type === "Exact" ? value : trimPath(value), acmeFolder);
}
