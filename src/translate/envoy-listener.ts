/** The Envoy listeners of a Gateway and the tables in which their requests are looked up. */
import type { Transform } from "../collection/collection.ts";
import { assertNever } from "../core/assert-never.ts";
import { compareSpecificity, type Hostname } from "../core/hostname.ts";
import { gatewayResourceKey } from "../core/keys.ts";
import { bindPort } from "./bind-port.ts";
import { listenerName } from "./envoy/names.ts";
import type { EnvoyListener, FilterChain, GatewayNode, Listener, RouteTable } from "./nodes.ts";
import type { Placement } from "./placement.ts";
import { protocolSupport } from "./protocol-support.ts";
import { takesScopes } from "./proxy-image.ts";
import { hostnamesByPort, tableOf } from "./route-parents.ts";
import { targetPort } from "./target-port.ts";

/** Gives one Envoy listener for each port that has a served listener. Keyed by Gateway and xDS name. */
export function buildEnvoyListeners(placement: Placement): Transform<GatewayNode, EnvoyListener> {
  return (_read, _key, node) => {
    const addresses = [...node.bindAddresses].sort();
    const { accessLog, tls, limits } = node.fleet.parameters;
    return servedPorts(node).map(({ port, scheme, listeners }) => {
      const name = listenerName(scheme, port);
      const listener: EnvoyListener = {
        gateway: node.key,
        name,
        port,
        addresses,
        bindPort: boundPort(port, node, placement),
        accessLog,
        limits,
        ...(scheme === "https" && { tlsParameters: tls }),
        chains: scheme === "http" ? plainChain(listeners) : tlsChains(listeners),
      };
      return [gatewayResourceKey(node.key, name), listener];
    });
  };
}

/** The port that proxies bind for a port of their Gateway. */
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
  return servedPorts(node).flatMap(({ port, scheme, listeners }) =>
    [...Map.groupBy(listeners, tableOf)].map(([table, members]): readonly [string, RouteTable] => {
      const hostnames = [...new Set(members.map(({ hostname }) => hostname))].sort();
      const misdirected = scheme === "http" ? [] : without(holders.get(port) ?? [], hostnames);
      const named = { gateway: node.key, table, port, scheme, hostnames, misdirected, ...cuts };
      return [gatewayResourceKey(node.key, table), named];
    }),
  );
};

/** The xDS name of the Envoy listener that serves a listener. */
export function envoyListenerName(listener: Pick<Listener, "port" | "protocol">): string {
  return listenerName(schemeOf(listener), listener.port);
}

interface ServedPort {
  readonly port: number;
  readonly scheme: "http" | "https";
  readonly listeners: readonly Listener[];
}

/** Ports in ascending order; the listeners of one port have one scheme, because the others have lost the conflict. */
function servedPorts({ listeners }: GatewayNode): readonly ServedPort[] {
  const ports = Map.groupBy(
    listeners.filter(({ served }) => served),
    ({ port }) => port,
  );
  return [...ports]
    .sort(([a], [b]) => a - b)
    .map(([port, group]) => ({ port, scheme: group.some(endsTls) ? "https" : "http", listeners: group }));
}

function endsTls({ protocol }: Pick<Listener, "protocol">): boolean {
  return protocolSupport(protocol)?.terminatesTls === true;
}

function schemeOf(listener: Pick<Listener, "protocol">): "http" | "https" {
  return endsTls(listener) ? "https" : "http";
}

function plainChain(listeners: readonly Listener[]): readonly FilterChain[] {
  return [...new Set(listeners.map(tableOf))].map((table) => ({ table }));
}

function tlsChains(listeners: readonly Listener[]): readonly FilterChain[] {
  return [...listeners]
    .sort((a, b) => compareSpecificity(a.hostname, b.hostname))
    .map((listener) => ({
      table: tableOf(listener),
      tls: { hostname: listener.hostname, secrets: listener.secrets },
    }));
}

function without(hostnames: readonly Hostname[], own: readonly Hostname[]): readonly Hostname[] {
  return hostnames.filter((hostname) => !own.includes(hostname));
}
