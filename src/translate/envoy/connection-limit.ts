import type { EnvoyConfigListenerV3Filter } from "../../../proto/gen/types.ts";
import { anyOf } from "../../../proto/messages.ts";
import type { EdgeSettings } from "./edge-defaults.ts";

/**
 * Counts the connections of one chain: with TLS those of one listener (of one server name, where they are forwarded), without
 * those of a port. The limit by runtime key that Envoy also has is of a whole port, and would have to come with the bootstrap.
 */
export function connectionLimit(
  statPrefix: string,
  { listenerConnections }: EdgeSettings,
): EnvoyConfigListenerV3Filter {
  return {
    name: "envoy.filters.network.connection_limit",
    typedConfig: anyOf("envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit", {
      statPrefix,
      maxConnections: { value: listenerConnections },
    }),
  };
}
