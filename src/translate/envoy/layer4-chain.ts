/** What is forwarded as it is: filter chains for connections, a listener filter for datagrams. */
import type {
  EnvoyConfigListenerV3Filter,
  EnvoyConfigListenerV3FilterChain,
  EnvoyConfigListenerV3ListenerFilter,
} from "../../../proto/gen/types.ts";
import { anyOf } from "../../../proto/messages.ts";
import type { Hostname } from "../../core/hostname.ts";
import { type ChainPlace, chainPlaces, type PlaceInputs } from "../layer4/chain-places.ts";
import type { EnvoyListener, Layer4Chain } from "../nodes.ts";
import type { Hole } from "../ownership/holes.ts";
import type { PortRoutes } from "../route-nodes.ts";
import { forwardedAccessLogs } from "./access-log.ts";
import { connectionLimit } from "./connection-limit.ts";
import { downstreamTlsSocket } from "./downstream-tls.ts";
import { durationOf } from "./duration.ts";
import type { EdgeSettings } from "./edge-defaults.ts";
import { encodeFilterChain } from "./filter-chain.ts";
import { datagramClusterName, httpsTableName, invalidBackendCluster } from "./names.ts";
import { contentVersion } from "./resource.ts";
import { serverNameMatch } from "./server-name-match.ts";
import { tcpProxy } from "./tcp-proxy.ts";

/** What the chains of a listener that forwards connections depend on besides the listener. */
export interface Layer4Context {
  readonly node: EnvoyListener;
  readonly portRoutes: readonly PortRoutes[];
  /** Names below wildcards of routes that are somebody else's. */
  readonly holes: readonly Hole[];
  readonly settings: EdgeSettings;
}

/** Who has a name of a listener; nobody has what no route asks for. */
interface Place {
  readonly hostname: Hostname;
  readonly route?: PortRoutes;
  /** All names that are closed, where there are several beside the listener's own. */
  readonly closed?: readonly Hostname[];
}

/**
 * Prints the chains of one listener whose connections are forwarded, as {@link encodeFilterChain} does: one for each server name
 * that a route answers, and one for the rest of the listener's own, which closes them, so that no wider listener of the port takes
 * them over.
 */
export function layer4Chains(context: Layer4Context): (chain: Layer4Chain) => readonly Uint8Array[] {
  const { node, settings } = context;
  // All that the chain of a route may depend on besides the route, in short.
  const surroundings = contentVersion([JSON.stringify([{ ...node, chains: [] }, settings])]);
  return (chain) => {
    let shared: SharedParts | undefined;
    const print = (place: Place): Uint8Array => {
      shared ??= sharedParts(chain, context);
      return encodeFilterChain(printChain(chain, place, { node, settings, ...shared }));
    };
    const printedFor = `${JSON.stringify(chain)} ${surroundings}`;
    return placesOf(chain, context).map((place) => printOnce(chain, place, { printedFor, print }));
  };
}

/** A chain of a route, as it was encoded last. */
interface PrintedChain {
  readonly printedFor: string;
  readonly bytes: Uint8Array;
}

/** By listener and server name. */
const printedChains = new WeakMap<PortRoutes, Map<string, PrintedChain>>();

/** A change of any route of a port prints its listener, which may have thousands of chains. */
function printOnce(
  { listener }: Layer4Chain,
  place: Place,
  { printedFor, print }: { readonly printedFor: string; readonly print: (place: Place) => Uint8Array },
): Uint8Array {
  const { route, hostname } = place;
  if (route === undefined) return print(place);
  const known = printedChains.get(route) ?? new Map<string, PrintedChain>();
  printedChains.set(route, known);
  const key = `${listener} ${hostname}`;
  const before = known.get(key);
  if (before?.printedFor === printedFor) return before.bytes;
  const bytes = print(place);
  known.set(key, { printedFor, bytes });
  return bytes;
}

/** Prints what takes the datagrams of a listener. Those of one client go to one endpoint until it is silent for a minute. */
export function datagramProxy(chain: Layer4Chain, context: Layer4Context): EnvoyConfigListenerV3ListenerFilter {
  const { node } = context;
  const [place] = placesOf(chain, context);
  const cluster = place?.route === undefined ? invalidBackendCluster : datagramClusterName(place.route.route);
  const config = {
    statPrefix: node.name,
    matcher: {
      onNoMatch: {
        action: { name: "route", typedConfig: anyOf("envoy.extensions.filters.udp.udp_proxy.v3.Route", { cluster }) },
      },
    },
    idleTimeout: durationOf(sessionIdleTimeoutMs),
    upstreamSocketConfig: anyDatagram,
    accessLog: forwardedAccessLogs(node, chain, place?.route),
  };
  return {
    name: "envoy.filters.udp_listener.udp_proxy",
    typedConfig: anyOf("envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig", config),
  };
}

/** Envoy drops what is longer, from 1500 bytes on unless told: this is the longest that there is. */
export const anyDatagram = { maxRxDatagramSize: { value: 65_535 } };

/** Envoy's own default, said so that it stays what it is. */
const sessionIdleTimeoutMs = 60_000;

/** The clusters that an Envoy listener names itself. */
export function clustersOfListener({ node, portRoutes, holes }: PlaceInputs): ReadonlySet<string> {
  const { chains } = node;
  const routes = chains.flatMap((chain) =>
    chain.kind === "layer4"
      ? chainPlaces(chain, { node, portRoutes, holes }).flatMap((place) => place.routes.slice(0, 1))
      : [],
  );
  const isDatagram = chains.some((chain) => chain.kind === "layer4" && chain.protocol === "UDP");
  return new Set(routes.flatMap(({ route, clusters }) => (isDatagram ? [datagramClusterName(route)] : clusters)));
}

function placesOf(chain: Layer4Chain, context: Layer4Context): readonly Place[] {
  const places = chainPlaces(chain, context);
  const closed = places.filter(isClosed);
  const printed = places
    .filter((place) => !isClosed(place))
    .map(({ hostname, routes: [route] }): Place => ({ hostname, ...(route && { route }) }));
  const [first] = closed;
  if (first === undefined) return printed;
  return [...printed, { hostname: first.hostname, closed: closed.map(({ hostname }) => hostname) }];
}

function isClosed({ isHeld, routes }: ChainPlace): boolean {
  return isHeld === true && routes.length === 0;
}

/** What the chains of a listener have in common: it may have thousands. */
interface SharedParts {
  readonly limit: EnvoyConfigListenerV3Filter;
  readonly socket: EnvoyConfigListenerV3FilterChain | undefined;
}

function sharedParts({ tls }: Layer4Chain, { node, settings }: Layer4Context): SharedParts {
  return {
    limit: connectionLimit(node.name, settings),
    socket: tls && {
      transportSocket: downstreamTlsSocket(tls, { node, settings, alpnProtocols: [] }),
      transportSocketConnectTimeout: durationOf(settings.handshakeTimeoutMs),
    },
  };
}

function printChain(
  chain: Layer4Chain,
  { hostname, route, closed }: Place,
  { node, settings, limit, socket }: SharedParts & Pick<Layer4Context, "node" | "settings">,
): EnvoyConfigListenerV3FilterChain {
  const filters = [limit, tcpProxy(chain, route, { node, settings })];
  if (chain.protocol !== "TLS") return { name: node.name, filters };
  // By its name Envoy knows a chain again, and leaves its connections alone when another one changes.
  const name = httpsTableName(node.port, hostname);
  if (closed === undefined) return { name, filters, filterChainMatch: serverNameMatch(hostname), ...socket };
  const filterChainMatch = { transportProtocol: "tls", serverNames: [...closed] };
  return { name: `${httpsTableName(node.port, chain.hostname)}-held`, filters, filterChainMatch, ...socket };
}
