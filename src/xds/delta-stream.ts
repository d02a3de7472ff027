import { type DeltaRequest, decodeDeltaRequest, encodeDeltaResponse } from "./codec.ts";
import { resourcesOf } from "./response-batch.ts";
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
    const resources = resourcesOf(batch);
    return { message: encodeDeltaResponse({ type: state.type, nonce, resources, removed: [...batch.removals] }) };
  },
};
