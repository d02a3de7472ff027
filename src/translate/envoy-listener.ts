/** The Envoy listeners of a Gateway and the tables in which their requests are looked up. */
import type { Transform } from "../collection/collection.ts";
import { assertNever } from "../core/assert-never.ts";
import { compareSpecificity, covers, type Hostname } from "../core/hostname.ts";
import { gatewayResourceKey } from "../core/keys.ts";
import { bindPort } from "./bind-port.ts";
import { downstreamTls } from "./downstream-tls.ts";
import { listenerName } from "./envoy/names.ts";
import { portSettings } from "./http3.ts";
import { isAcceptable } from "./listener.ts";
import type { EnvoyListener, FilterChain, GatewayNode, Listener, RouteTable } from "./nodes.ts";
import type { Placement } from "./placement.ts";
import { carriesRequests, endsTls, portKey, portScheme } from "./protocol-support.ts";
import { takesScopes } from "./proxy-image.ts";
import { hostnamesByPort, tableOf } from "./route-parents.ts";
import { targetPort } from "./target-port.ts";

/** Gives one Envoy listener for each port that has a served listener. Keyed by Gateway and xDS name. */
export function buildEnvoyListeners(placement: Placement): Transform<GatewayNode, EnvoyListener> {
  return (_read, _key, node) => {
    const addresses = [...node.bindAddresses].sort();
    const { accessLog, tls, limits } = node.fleet.parameters;
    return servedPorts(node).map(({ name, port, scheme, listeners }) => {
      const listener: EnvoyListener = {
        gateway: node.key,
        name,
        port,
        addresses,
        bindPort: boundPort(port, node, placement),
        accessLog,
        limits,
        ...(scheme === "https" && { tlsParameters: tls }),
        ...portSettings(node, port, scheme),
        chains:
          scheme === "http" ? plainChain(listeners) : ownChains([...listeners, ...waitingListeners(node, listeners)]),
      };
      return [gatewayResourceKey(node.key, name), listener];
    });
  };
}

/** The port that proxies bind for a port of their Gateway, be it one of TCP or of UDP. */
export function boundPort(port: number, { listeners }: Pick<GatewayNode, "listeners">, { kind }: Placement): number {
  const allPorts = [...new Set(listeners.map((listener) => listener.port))];
  switch (kind) {
    case "standalone":
      return bindPort(port, allPorts);
    case "cluster":
      return targetPort(port, allPorts);
    default:
      return assertNever(kind);
  }
}

/** Gives one table for each HTTP connection manager. Keyed by Gateway and table. */
export const buildRouteTables: Transform<GatewayNode, RouteTable> = (_read, _key, node) => {
  const holders = hostnamesByPort(node.listeners);
  const cuts = takesScopes(node.fleet.parameters.image) ? {} : ({ onlyPlain: true } as const);
  return servedPorts(node).flatMap(({ key, port, scheme, listeners }) => {
    if (scheme !== "http" && scheme !== "https") return [];
    const tables = Map.groupBy(listeners.filter(carriesRequests), tableOf);
    return [...tables].map(([table, members]): readonly [string, RouteTable] => {
      const hostnames = [...new Set(members.map(({ hostname }) => hostname))].sort();
      const misdirected = scheme === "http" ? [] : without(holders.get(key) ?? [], hostnames);
      const named = { gateway: node.key, table, port, scheme, hostnames, misdirected, ...cuts };
      return [gatewayResourceKey(node.key, table), named];
    });
  });
};

/** The xDS name of the Envoy listener that serves a listener. */
export function envoyListenerName({ port, protocol }: Pick<Listener, "port" | "protocol">): string {
  return listenerName(portScheme(protocol), port);
}

interface ServedPort {
  readonly key: string;
  readonly name: string;
  readonly port: number;
  readonly scheme: ReturnType<typeof portScheme>;
  readonly listeners: readonly Listener[];
}

/** Ports in ascending order; the listeners of one port have one scheme, because the others have lost the conflict. */
function servedPorts({ listeners }: GatewayNode): readonly ServedPort[] {
  const ports = Map.groupBy(
    listeners.filter(({ served }) => served),
    portKey,
  );
  return [...ports]
    .flatMap(([key, group]): readonly ServedPort[] => {
      const [first] = group;
      if (first === undefined) return [];
      const name = envoyListenerName(first);
      return [{ key, name, port: first.port, scheme: portScheme(first.protocol), listeners: group }];
    })
    .sort((a, b) => a.port - b.port || (a.key < b.key ? -1 : 1));
}

function plainChain(listeners: readonly Listener[]): readonly FilterChain[] {
  return [...new Set(listeners.map(tableOf))].map((table) => ({ kind: "http", table }));
}

/**
 * Listeners that hold a hostname without being served, where a wider one would pass their connections on: they close them.
 * A wider one that reads requests tells them apart itself, 421.
 */
function waitingListeners(node: GatewayNode, served: readonly Listener[]): readonly Listener[] {
  const forwarding = served.filter(({ protocol }) => protocol === "TLS");
  if (forwarding.length === 0) return [];
  const [{ port } = { port: 0 }] = served;
  return node.listeners
    .filter((listener) => !listener.served && listener.port === port && portScheme(listener.protocol) === "https")
    .filter(isAcceptable)
    .filter(({ hostname }) => forwarding.some((wide) => covers(wide.hostname, hostname)))
    .map((listener): Listener => ({ ...listener, protocol: "TLS", tlsMode: "Passthrough" }));
}

/** One for each listener, told apart by server name where they share the port. */
function ownChains(listeners: readonly Listener[]): readonly FilterChain[] {
  return [...listeners]
    .sort((a, b) => compareSpecificity(a.hostname, b.hostname))
    .map((listener): FilterChain => {
      const tls = endsTls(listener) ? { tls: downstreamTls(listener) } : {};
      const { protocol, hostname } = listener;
      return protocol === "TLS" || protocol === "TCP" || protocol === "UDP"
        ? { kind: "layer4", listener: listener.key, protocol, hostname, ...tls }
        : { kind: "http", table: tableOf(listener), ...tls };
    });
}

function without(hostnames: readonly Hostname[], own: readonly Hostname[]): readonly Hostname[] {
  return hostnames.filter((hostname) => !own.includes(hostname));
}
