import type { Random } from "./random.ts";
import type { WrittenMatch, WrittenValueMatch } from "./route-sets.ts";

/** A rule of a GRPCRoute as it is written, and requests that its matches are aimed at. */
export interface WrittenCallRule {
  readonly rule: object;
  readonly aims: readonly WrittenMatch[];
}

/** Names from which services and methods are made, so that calls meet the paths of HTTPRoutes. */
const names = ["a", "b", "ab", "c"];
const patterns = ["a.*", "[ab]+", "a|b", "(a|ab)", "^b$"];

/** Writes a rule that tells calls apart. */
export function callRule(random: Random, headerMatches: readonly WrittenValueMatch[]): WrittenCallRule {
  const matches = Array.from({ length: random.below(3) }, () => callMatch(random, headerMatches));
  const backends = [
    { name: "a", port: 80, weight: 1 },
    { name: "absent", port: 80, weight: 1 },
  ];
  const backendRefs = random.chance(70) ? [backends[0]] : random.some(backends, 0, 2);
  return {
    rule: { ...(matches.length > 0 && { matches: matches.map(({ match }) => match) }), backendRefs },
    aims: matches.map(({ aim }) => aim),
  };
}

function callMatch(
  random: Random,
  headerMatches: readonly WrittenValueMatch[],
): { readonly match: object; readonly aim: WrittenMatch } {
  const isRegex = random.chance(30);
  const one = () => (random.chance(75) ? random.pick(isRegex ? patterns : names) : undefined);
  const [service, method] = [one(), one()];
  const named = { ...(service !== undefined && { service }), ...(method !== undefined && { method }) };
  const isNamed = service !== undefined || method !== undefined;
  const headers = random.chance(20) ? [random.pick(headerMatches)] : undefined;
  return {
    match: {
      ...(isNamed && { method: { type: isRegex ? "RegularExpression" : "Exact", ...named } }),
      ...(headers && { headers }),
    },
    aim: {
      path: { type: "Exact", value: `/${random.pick(names)}/${random.pick(names)}` },
      ...(headers && { headers }),
    },
  };
}
