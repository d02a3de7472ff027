import type { Source } from "../../src/collection/collection.ts";
import type { Holding } from "../../src/core/ownership.ts";
import type { Claim } from "../../src/translate/route-nodes.ts";

/** Holds what nobody holds yet for whoever claims it first. */
export function holdFirst(holdings: Source<Holding>, claims: Iterable<Claim>): void {
  const taken = new Set([...holdings.entries()].map(([key]) => key));
  for (const { createdAt, ...claim } of claims) {
    if (!taken.has(claim.key)) holdings.set(claim.key, { ...claim, since: createdAt });
    taken.add(claim.key);
  }
}
