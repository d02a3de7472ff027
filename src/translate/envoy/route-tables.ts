import type { EnvoyConfigRouteV3RouteConfiguration, EnvoyConfigRouteV3VirtualHost } from "../../../proto/gen/types.ts";
import { anyOf, encodeMessage } from "../../../proto/messages.ts";
import type { TableMode } from "../../core/data-plane.ts";
import { compareSpecificity, covers, type Hostname } from "../../core/hostname.ts";
import type { XdsResource } from "../../core/xds-resource.ts";
import type { RouteTable, VirtualHost } from "../nodes.ts";
import { fallbackFilterName, foundKey } from "./fallback-filters.ts";
import { listenerName, scopeName } from "./names.ts";
import { contentVersion, xdsResource } from "./resource.ts";
import { scopeHeader } from "./scope.ts";
import { concatBytes, fieldNumbers, repeatedField } from "./splice.ts";
import { misdirectedHosts, virtualHostHead } from "./virtual-host.ts";

/**
 * How the hostnames of one connection manager are cut into route configurations.
 *
 *     plain    <table>            all hostnames: Envoy rebuilds all of them for each change (23 us a hostname)
 *     scoped   <table>/<host>     one exact hostname each, named by a scope of the same name: 0.8 ms however many there are
 *              <table>/*          wildcards and the catch-all, where the fallback filters look
 *              https-<port>/*     with TLS: the hostnames of all listeners of the port, answered 421
 */
export function printPlainTable(table: RouteTable, hosts: readonly VirtualHost[]): XdsResource {
  const resource = joinHosts(
    { name: table.table, ...everyTable },
    sortHosts(hosts).map(({ bytes, version }) => ({ bytes, version })),
  );
  return { ...resource, clusters: () => clustersOf(hosts) };
}

/** Prints the table of a scoped table's wildcard hostnames and catch-all; exact ones have their own. */
export function printFallbackTable(table: RouteTable, wildcardHosts: readonly VirtualHost[]): XdsResource {
  const resource = joinHosts(
    { name: scopeName(table.table, "*"), ...everyTable, ...hidesScope },
    sortHosts(wildcardHosts).map(({ hostname, routes }) => {
      const bytes = concatBytes([virtualHostHead(hostname, found), routes]);
      return { bytes, version: contentVersion([bytes]) };
    }),
  );
  return { ...resource, clusters: () => clustersOf(wildcardHosts) };
}

/** Prints the table of one exact hostname of a scoped table. */
export function printHostTable(table: string, host: VirtualHost): XdsResource {
  const resource = ownTable(scopeName(table, host.hostname), virtualHostOf(host.hostname, host.routes));
  return { ...resource, clusters: () => clustersOf([host]) };
}

/**
 * Prints the table that answers 421 for every hostname of a port's TLS listeners; the others it does not know, 404. All
 * scoped tables of the port fall back to it, so that none needs the names of all others.
 */
export function printMisdirectedTable({
  gateway,
  port,
  hostnames,
}: Pick<RouteTable, "gateway" | "port" | "hostnames">): XdsResource {
  const name = scopeName(misdirectedTable(port), "*");
  const hosts = hostnames.length === 0 ? [] : [misdirectedHosts({ gateway, table: name }, hostnames)];
  return joinHosts({ name, ...everyTable, ...hidesScope }, hosts);
}

/** The first half of the name of the scope and the table that all scoped tables of a TLS port fall back to. */
export function misdirectedTable(port: number): string {
  return listenerName("https", port);
}

/** The rest of the hostnames of other listeners, which a plain table answers with one virtual host for all. */
export function misdirectedElsewhere(table: RouteTable): readonly Hostname[] {
  const here = new Set(misdirectedHere(table));
  return table.misdirected.filter((other) => !here.has(other));
}

/**
 * Hostnames of other listeners that a scoped table must answer itself: those that its own wildcards would else answer. All
 * others fall through to the shared table.
 */
export function misdirectedHere(table: RouteTable): readonly Hostname[] {
  return table.misdirected.filter((other) => table.hostnames.some((own) => covers(own, other)));
}

/** Decides how to cut a table with so many exact hostnames; between the two limits it stays as it is. */
export function wantedTableMode(current: TableMode | undefined, exactHostCount: number): TableMode {
  if (exactHostCount > scopedAbove) return "scoped";
  return exactHostCount < plainBelow ? "plain" : (current ?? "plain");
}

const scopedAbove = 500;
const plainBelow = 300;

/** In every route configuration: the Host's port does not count. */
const everyTable = { ignorePortInHostMatching: true } satisfies EnvoyConfigRouteV3RouteConfiguration;

const hidesScope = { requestHeadersToRemove: [scopeHeader] } satisfies EnvoyConfigRouteV3RouteConfiguration;

/** Tells the fallback filters that the right table was found. */
const found: EnvoyConfigRouteV3VirtualHost = {
  metadata: { filterMetadata: { [fallbackFilterName]: { fields: { [foundKey]: { boolValue: true } } } } },
};

/** Nothing to fall back from: where these apply, the filters do not even run. */
const fallbackOff: EnvoyConfigRouteV3VirtualHost = {
  typedPerFilterConfig: { [fallbackFilterName]: anyOf("envoy.config.route.v3.FilterConfig", { disabled: true }) },
};

function virtualHostOf(hostname: Hostname, routes: Uint8Array): Uint8Array {
  const head = virtualHostHead(hostname, { domains: ["*"], ...found, ...fallbackOff });
  return concatBytes([head, routes]);
}

function ownTable(name: string, virtualHost: Uint8Array): XdsResource {
  const head = encodeMessage("envoy.config.route.v3.RouteConfiguration", { name, ...everyTable, ...hidesScope });
  return xdsResource("route", name, concatBytes([head, repeatedField(fieldNumbers.virtualHosts, [virtualHost])]));
}

interface PrintedHost {
  readonly bytes: Uint8Array;
  readonly version: string;
}

function joinHosts(configuration: EnvoyConfigRouteV3RouteConfiguration, hosts: readonly PrintedHost[]): XdsResource {
  const head = encodeMessage("envoy.config.route.v3.RouteConfiguration", configuration);
  const encoded = repeatedField(
    fieldNumbers.virtualHosts,
    hosts.map(({ bytes }) => bytes),
  );
  return {
    type: "route",
    name: configuration.name ?? "",
    // The versions stand for the hosts' bytes: a large table is not hashed again for a change in one of them.
    version: contentVersion([head, ...hosts.map(({ version }) => version)]),
    bytes: concatBytes([head, encoded]),
  };
}

function clustersOf(hosts: readonly VirtualHost[]): ReadonlySet<string> {
  const clusters = new Set<string>();
  for (const { entries } of hosts) for (const entry of entries) for (const name of entry.clusters) clusters.add(name);
  return clusters;
}

function sortHosts(hosts: readonly VirtualHost[]): readonly VirtualHost[] {
  return [...hosts].sort((a, b) => compareSpecificity(a.hostname, b.hostname));
}
