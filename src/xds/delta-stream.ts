import { type DeltaRequest, decodeDeltaRequest, encodeDeltaResponse } from "./codec.ts";
import type { Variant } from "./stream-options.ts";

/** The delta variant: requests change a subscription, responses name what changed. */
export const deltaVariant: Variant<DeltaRequest> = {
  transport: "delta",
  styleOf: () => "delta",
  decode: decodeDeltaRequest,
  // A stale nonce acknowledges nothing, but what the request subscribes to counts.
  subscribe(state, { subscribe, unsubscribe, initialVersions }, position) {
    if (position === "first") state.report(initialVersions, undefined);
    const change = state.subscription.changeDelta(subscribe, unsubscribe);
    state.subscribe(change, position === "first");
  },
  encode({ state, batch, nonce }) {
    const resources = Array.from(batch.upserts.values(), ({ resource }) => resource);
    return { message: encodeDeltaResponse({ type: state.type, nonce, resources, removed: [...batch.removals] }) };
  },
};
