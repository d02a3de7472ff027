import type { EnvoyConfigListenerV3Listener, EnvoyConfigListenerV3ListenerFilter } from "../../../proto/gen/types.ts";
import { anyOf } from "../../../proto/messages.ts";
import type { EnvoyListener } from "../nodes.ts";
import { durationOf } from "./duration.ts";
import type { EdgeSettings } from "./edge-defaults.ts";

/** Prints what is read of a connection before it is known what becomes of it. */
export function listenerFilters(
  { chains, proxyProtocol }: EnvoyListener,
  settings: EdgeSettings,
): EnvoyConfigListenerV3Listener {
  const tls = chains.some((chain) => chain.tls !== undefined || (chain.kind === "layer4" && chain.protocol === "TLS"));
  // What a proxy in front says comes before all that the client says.
  const filters = [
    ...(proxyProtocol === undefined ? [] : [proxyHeader(proxyProtocol)]),
    ...(tls ? [serverNameInspection] : []),
  ];
  if (filters.length === 0) return {};
  return { listenerFilters: filters, listenerFiltersTimeout: durationOf(settings.handshakeTimeoutMs) };
}

/** Both versions of the header. Nobody is told what else stands in it. */
function proxyHeader(proxyProtocol: NonNullable<EnvoyListener["proxyProtocol"]>): EnvoyConfigListenerV3ListenerFilter {
  return {
    name: "envoy.filters.listener.proxy_protocol",
    typedConfig: anyOf("envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol", {
      allowRequestsWithoutProxyProtocol: proxyProtocol === "Allow",
    }),
  };
}

const serverNameInspection: EnvoyConfigListenerV3ListenerFilter = {
  name: "envoy.filters.listener.tls_inspector",
  typedConfig: anyOf("envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector", {}),
};
