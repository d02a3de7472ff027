import { decodeSotwRequest, encodeSotwResponse, type SotwRequest } from "./codec.ts";
import { versionOf } from "./resource-table.ts";
import type { Variant } from "./stream-options.ts";
import { wildcardTypes } from "./subscription.ts";

/** The state-of-the-world variant: requests list all names, responses of wildcard types list all resources. */
export const sotwVariant: Variant<SotwRequest> = {
  transport: "sotw",
  styleOf: (type) => (wildcardTypes.has(type) ? "complete" : "partial"),
  decode: decodeSotwRequest,
  // A stale request gets no answer: the client lists all names again when it answers our latest response. But what it has
  // dropped by then it does not hold, even if it asks for it again.
  subscribe(state, { names, version }, position) {
    if (position === "first") state.report(new Map(), version);
    const list = position === "stale" ? state.subscription.withoutNew(names) : names;
    if (list !== undefined) state.subscribe(state.subscription.changeSotw(list), position === "first");
  },
  encode({ state, batch, nonce }) {
    const resources = state.contentOf(batch);
    const version = state.style === "complete" ? versionOf(resources) : state.tableVersion;
    return { message: encodeSotwResponse({ type: state.type, nonce, version, resources }), version };
  },
};
