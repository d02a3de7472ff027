import type { Variant } from "./ads-stream.ts";
import { decodeSotwRequest, encodeSotwResponse, type SotwRequest } from "./codec.ts";
import { versionOf } from "./resource-table.ts";
import { wildcardTypes } from "./subscription.ts";

/** The state-of-the-world variant: requests list all names, responses of wildcard types list all resources. */
export const sotwVariant: Variant<SotwRequest> = {
  transport: "sotw",
  styleOf: (type) => (wildcardTypes.has(type) ? "complete" : "partial"),
  decode: decodeSotwRequest,
  // The client has not seen our latest response; it repeats all names when it answers that one.
  ignoresStale: true,
  subscribe(state, { names, version }, isFirst) {
    if (isFirst) state.report(new Map(), version);
    const change = state.subscription.changeSotw(names);
    state.subscribe(change, isFirst);
  },
  encode({ state, batch, nonce }) {
    const isComplete = state.style === "complete";
    const resources = isComplete
      ? state.completed(batch)
      : Array.from(batch.upserts.values(), ({ resource }) => resource);
    const version = isComplete ? versionOf(resources) : state.tableVersion;
    return { message: encodeSotwResponse({ type: state.type, nonce, version, resources }), version };
  },
};
