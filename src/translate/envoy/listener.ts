import {
  type EnvoyConfigCoreV3Address,
  type EnvoyConfigListenerV3FilterChain,
  type EnvoyConfigListenerV3Listener,
  EnvoyConfigCoreV3SocketAddressProtocol as SocketProtocol,
} from "../../../proto/gen/types.ts";
import { anyOf, encodeMessage } from "../../../proto/messages.ts";
import type { TableMode } from "../../core/data-plane.ts";
import type { XdsResource } from "../../core/xds-resource.ts";
import { settingsOf } from "../limits.ts";
import type { EnvoyListener, HttpChain } from "../nodes.ts";
import type { Hole } from "../ownership/holes.ts";
import type { PortRoutes } from "../route-nodes.ts";
import { defaultAccessLog } from "./access-log.ts";
import { connectionLimit } from "./connection-limit.ts";
import { downstreamTlsSocket } from "./downstream-tls.ts";
import { durationOf } from "./duration.ts";
import { type EdgeSettings, edgeSettings } from "./edge-defaults.ts";
import { encodeFilterChain } from "./filter-chain.ts";
import { connectionManager } from "./http-connection-manager.ts";
import { anyDatagram, clustersOfListener, datagramProxy, layer4Chains } from "./layer4-chain.ts";
import { listenerFilters } from "./listener-filters.ts";
import { xdsResource } from "./resource.ts";
import { serverNameMatch } from "./server-name-match.ts";
import { concatBytes } from "./splice.ts";

/** What a listener depends on besides its node. */
export interface ListenerContext {
  /** What its connections or datagrams are forwarded by, where they are not requests. */
  readonly portRoutes?: readonly PortRoutes[];
  /** Server names of its listeners that belong to other namespaces than those of routes with a wider name. */
  readonly holes?: readonly Hole[];
  readonly settings?: EdgeSettings;
}

/** Prints all listeners of a Gateway that share a port as one Envoy listener. */
export function printListener(
  node: EnvoyListener,
  mode: (table: string) => TableMode,
  { portRoutes = [], holes = [], settings = settingsOfListener(node) }: ListenerContext = {},
): XdsResource {
  const [datagrams] = node.chains.filter((chain) => chain.kind === "layer4" && chain.protocol === "UDP");
  const transport: Transport = datagrams === undefined ? "TCP" : "UDP";
  const [address, ...additional] = node.addresses.map((host) => socketAddress(host, node.bindPort, transport));
  const listener: EnvoyConfigListenerV3Listener = {
    ...(additional.length > 0 && { additionalAddresses: additional.map((more) => ({ address: more })) }),
    ...(datagrams?.kind === "layer4"
      ? {
          udpListenerConfig: { downstreamSocketConfig: anyDatagram },
          listenerFilters: [datagramProxy(datagrams, { node, portRoutes, holes, settings })],
        }
      : connections(node, settings)),
  };
  const chains = datagrams === undefined ? filterChains(node, mode, { portRoutes, holes, settings }) : [];
  // In the order of the fields' numbers, as the encoder would write it.
  const bytes = concatBytes([
    encodeMessage("envoy.config.listener.v3.Listener", { name: node.name, ...(address && { address }) }),
    ...chains,
    encodeMessage("envoy.config.listener.v3.Listener", listener),
  ]);
  const resource = xdsResource("listener", node.name, bytes);
  if (node.chains.every(({ kind }) => kind === "http")) return resource;
  const readsTables = node.chains.some(({ kind }) => kind === "http");
  const clusters = () => clustersOfListener({ node, portRoutes, holes });
  return { ...resource, clusters, ...(!readsTables && { readsNoTable: true }) };
}

function connections(node: EnvoyListener, settings: EdgeSettings): EnvoyConfigListenerV3Listener {
  return {
    perConnectionBufferLimitBytes: { value: settings.connectionBufferBytes },
    maxConnectionsToAcceptPerSocketEvent: { value: settings.acceptsPerEvent },
    ...listenerFilters(node, settings),
  };
}

/** Gives each chain as an element of the field that holds them. */
function filterChains(
  node: EnvoyListener,
  mode: (table: string) => TableMode,
  { portRoutes, holes, settings }: Required<ListenerContext>,
): readonly Uint8Array[] {
  const forwarding = layer4Chains({ node, portRoutes, holes, settings });
  return node.chains.flatMap((chain) =>
    chain.kind === "layer4"
      ? forwarding(chain)
      : [encodeFilterChain(httpChain(chain, { node, mode: mode(chain.table), settings }))],
  );
}

interface ChainContext {
  readonly node: EnvoyListener;
  readonly mode: TableMode;
  readonly settings: EdgeSettings;
}

function settingsOfListener({ limits }: EnvoyListener): EdgeSettings {
  return limits === undefined ? edgeSettings : settingsOf(limits);
}

function httpChain(chain: HttpChain, { node, mode, settings }: ChainContext): EnvoyConfigListenerV3FilterChain {
  const { accessLog = defaultAccessLog } = node;
  const manager = connectionManager(chain, {
    mode,
    statPrefix: node.name,
    settings,
    accessLog,
    ...(node.http3 && { altSvcPort: node.port }),
  });
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
    transportSocket: downstreamTlsSocket(chain.tls, { node, settings, alpnProtocols: ["h2", "http/1.1"] }),
    transportSocketConnectTimeout: durationOf(settings.handshakeTimeoutMs),
  };
}

type Transport = "TCP" | "UDP";

function socketAddress(address: string, portValue: number, transport: Transport): EnvoyConfigCoreV3Address {
  return { socketAddress: { address, portValue, ...(transport === "UDP" && { protocol: SocketProtocol.UDP }) } };
}
