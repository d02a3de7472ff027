import type { EnvoyConfigListenerV3FilterChain } from "../../../proto/gen/types.ts";
import { encodeMessage } from "../../../proto/messages.ts";
import { fieldNumbers, repeatedField } from "./splice.ts";

/** Encodes a filter chain as an element of the field of a listener that holds them. */
export function encodeFilterChain(chain: EnvoyConfigListenerV3FilterChain): Uint8Array {
  return repeatedField(fieldNumbers.filterChains, [encodeMessage("envoy.config.listener.v3.FilterChain", chain)]);
}
