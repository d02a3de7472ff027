import type { Variant } from "./ads-stream.ts";
import { type DeltaRequest, decodeDeltaRequest, encodeDeltaResponse } from "./codec.ts";

/** The delta variant: requests change a subscription, responses name what changed. */
export const deltaVariant: Variant<DeltaRequest> = {
  transport: "delta",
  styleOf: () => "delta",
  decode: decodeDeltaRequest,
  // A stale nonce acknowledges nothing, but what the request subscribes to counts.
  ignoresStale: false,
  subscribe(state, { subscribe, unsubscribe, initialVersions }, isFirst) {
    if (isFirst) state.report(initialVersions, undefined);
    const change = state.subscription.changeDelta(subscribe, unsubscribe);
    state.subscribe(change, isFirst);
  },
  encode({ state, batch, nonce }) {
    const resources = Array.from(batch.upserts.values(), ({ resource }) => resource);
    return { message: encodeDeltaResponse({ type: state.type, nonce, resources, removed: [...batch.removals] }) };
  },
};
