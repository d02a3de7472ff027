/** Who wants to hold what, gathered from all routes and ListenerSets. */
import type { Transform } from "../../collection/collection.ts";
import type { ClaimCandidate, ClaimWant, RecordKey } from "../../core/ownership.ts";
import type { Claim } from "../route-nodes.ts";

/** Narrows a route or a Gateway to what it claims. */
export const listClaims: Transform<{ readonly claims: readonly Claim[] }, readonly Claim[]> = (_read, key, node) =>
  node.claims.length === 0 ? [] : [[key, node.claims]];

/** Lists the candidates for one thing, the oldest first. Keyed by RecordKey. */
export const gatherClaims: Transform<ReadonlyMap<string, readonly Claim[]>, ClaimWant> = (_read, key, members) => {
  const claims = [...members.values()].flatMap((list) => list.filter((claim) => claim.key === key));
  const [first] = claims;
  if (first === undefined) return [];
  const { hostname, path } = first;
  const byObject = new Map(
    claims.map(({ namespace, object, createdAt }) => [object, { namespace, object, createdAt }]),
  );
  const candidates = [...byObject.values()].sort(byAge);
  // The group's key is a record key: that is what claims are grouped by.
  return [[key, { key: key as RecordKey, hostname, ...(path && { path }), candidates }]];
};

function byAge(a: ClaimCandidate, b: ClaimCandidate): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a.object < b.object ? -1 : a.object > b.object ? 1 : 0;
}
