import {
  type EnvoyConfigCoreV3Address,
  type EnvoyConfigCoreV3TransportSocket,
  type EnvoyConfigListenerV3Filter,
  type EnvoyConfigListenerV3FilterChain,
  type EnvoyConfigListenerV3Listener,
  type EnvoyExtensionsTransportSocketsTlsV3TlsParameters,
  EnvoyExtensionsTransportSocketsTlsV3TlsParametersTlsProtocol as TlsProtocol,
} from "../../../proto/gen/types.ts";
import { anyOf, encodeMessage } from "../../../proto/messages.ts";
import type { TableMode } from "../../core/data-plane.ts";
import { everyHost, type Hostname } from "../../core/hostname.ts";
import type { NamespacedName } from "../../core/keys.ts";
import type { XdsResource } from "../../core/xds-resource.ts";
import { settingsOf } from "../limits.ts";
import type { EnvoyListener, FilterChain } from "../nodes.ts";
import { defaultAccessLog } from "./access-log.ts";
import { adsConfigSource } from "./ads.ts";
import { durationOf } from "./duration.ts";
import { type EdgeSettings, edgeSettings } from "./edge-defaults.ts";
import { connectionManager } from "./http-connection-manager.ts";
import { secretName } from "./names.ts";
import { xdsResource } from "./resource.ts";

/** Prints all listeners of a Gateway that share a port as one Envoy listener. */
export function printListener(
  node: EnvoyListener,
  mode: (table: string) => TableMode,
  settings: EdgeSettings = node.limits === undefined ? edgeSettings : settingsOf(node.limits),
): XdsResource {
  const [address, ...additional] = node.addresses.map((host) => socketAddress(host, node.bindPort));
  const tls = node.chains.some((chain) => chain.tls !== undefined);
  const listener: EnvoyConfigListenerV3Listener = {
    name: node.name,
    ...(address && { address }),
    ...(additional.length > 0 && { additionalAddresses: additional.map((more) => ({ address: more })) }),
    perConnectionBufferLimitBytes: { value: settings.connectionBufferBytes },
    maxConnectionsToAcceptPerSocketEvent: { value: settings.acceptsPerEvent },
    ...(tls && serverNameInspection(settings)),
    filterChains: node.chains.map((chain) => filterChain(chain, { node, mode: mode(chain.table), settings })),
  };
  return xdsResource("listener", node.name, encodeMessage("envoy.config.listener.v3.Listener", listener));
}

interface ChainContext {
  readonly node: EnvoyListener;
  readonly mode: TableMode;
  readonly settings: EdgeSettings;
}

function filterChain(chain: FilterChain, { node, mode, settings }: ChainContext): EnvoyConfigListenerV3FilterChain {
  const { accessLog = defaultAccessLog } = node;
  const manager = connectionManager(chain, { mode, statPrefix: node.name, settings, accessLog });
  const filters = [
    connectionLimit(node.name, settings),
    {
      name: "envoy.filters.network.http_connection_manager",
      typedConfig: anyOf("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", manager),
    },
  ];
  // By its name Envoy knows a chain again, and leaves its connections alone when another one changes.
  const named = { name: chain.table, filters };
  if (chain.tls === undefined) return named;
  return {
    ...named,
    filterChainMatch: serverNameMatch(chain.tls.hostname),
    transportSocket: downstreamTls(chain.tls.secrets, tlsParameters(node, settings)),
    transportSocketConnectTimeout: durationOf(settings.handshakeTimeoutMs),
  };
}

/**
 * Counts the connections of one chain: with TLS those of one listener, without those of a port. The limit by runtime key that
 * Envoy also has is of a whole port, and would have to come with the bootstrap.
 */
function connectionLimit(statPrefix: string, { listenerConnections }: EdgeSettings): EnvoyConfigListenerV3Filter {
  return {
    name: "envoy.filters.network.connection_limit",
    typedConfig: anyOf("envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit", {
      statPrefix,
      maxConnections: { value: listenerConnections },
    }),
  };
}

function serverNameInspection(settings: EdgeSettings): EnvoyConfigListenerV3Listener {
  return {
    listenerFilters: [
      {
        name: "envoy.filters.listener.tls_inspector",
        typedConfig: anyOf("envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector", {}),
      },
    ],
    listenerFiltersTimeout: durationOf(settings.handshakeTimeoutMs),
  };
}

/** Envoy spells a wildcard as Gateway API does, and takes the longest; a chain without names serves all others. */
function serverNameMatch(hostname: Hostname) {
  return hostname === everyHost ? { transportProtocol: "tls" } : { transportProtocol: "tls", serverNames: [hostname] };
}

function tlsParameters(
  { tlsParameters }: EnvoyListener,
  settings: EdgeSettings,
): EnvoyExtensionsTransportSocketsTlsV3TlsParameters {
  if (tlsParameters === undefined) return { tlsMinimumProtocolVersion: TlsProtocol[settings.tlsMinimumVersion] };
  const { minimumVersion, cipherSuites } = tlsParameters;
  return {
    tlsMinimumProtocolVersion: minimumVersion === "1.3" ? TlsProtocol.TLSv1_3 : TlsProtocol.TLSv1_2,
    ...(cipherSuites.length > 0 && { cipherSuites: [...cipherSuites] }),
  };
}

function downstreamTls(
  secrets: readonly NamespacedName[],
  tlsParams: EnvoyExtensionsTransportSocketsTlsV3TlsParameters,
): EnvoyConfigCoreV3TransportSocket {
  return {
    name: "envoy.transport_sockets.tls",
    typedConfig: anyOf("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", {
      commonTlsContext: {
        tlsParams,
        alpnProtocols: ["h2", "http/1.1"],
        tlsCertificateSdsSecretConfigs: secrets.map((secret) => ({
          name: secretName(secret),
          sdsConfig: adsConfigSource,
        })),
      },
    }),
  };
}

function socketAddress(address: string, portValue: number): EnvoyConfigCoreV3Address {
  return { socketAddress: { address, portValue } };
}
