import type { RouteEntry } from "./nodes.ts";

/** What each part of an entry's `order` stands for, the first of two that differ being the one that decides. */
const criteria = [
  "a more specific hostname",
  "", // the path: its type, else its length
  "a method match",
  "more header matches",
  "more query parameter matches",
  "an older route",
  "the name that sorts first",
  "an earlier rule of the same route",
  "an earlier match of the same rule",
] as const;

const pathCriteria = {
  "0": "an exact path",
  "1": "a regular expression before a prefix",
  "2": "a longer path",
} as const;

/**
 * What puts one match before another among those of a virtual host, in the specification's words: a property of the winner.
 * Names no object. https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule
 */
export function decidingCriterion(winner: Pick<RouteEntry, "order">, loser: Pick<RouteEntry, "order">): string {
  const [ours, theirs] = [winner.order.split("!"), loser.order.split("!")];
  const index = ours.findIndex((part, place) => part !== theirs[place]);
  if (index !== 1) return criteria[index] ?? "an earlier match of the same rule";
  // Only the place of a call has parts.
  if (`${ours[1]} ${theirs[1]}`.includes(".")) return "a more specific service or method";
  const type = ours[1]?.[0];
  if (type === theirs[1]?.[0] || (type !== "0" && type !== "1")) return pathCriteria["2"];
  return pathCriteria[type];
}
