import type { Transform } from "../collection/collection.ts";
import { everyHost, type Hostname } from "../core/hostname.ts";
import { type GatewayResourceKey, gatewayResourceKey } from "../core/keys.ts";
import { scopeName } from "./envoy/names.ts";
import { misdirectedHere } from "./envoy/route-tables.ts";
import { misdirectedHost, printVirtualHost } from "./envoy/virtual-host.ts";
import type { HostMember, RouteTable, UnroutedHost, VirtualHost } from "./nodes.ts";
import { hostnameOrder } from "./precedence.ts";

/** The key of a hostname in a table of a Gateway; its last part is the name of the scope that it may get. */
export function virtualHostKey(
  { gateway, table }: Pick<HostMember, "gateway" | "table">,
  hostname: Hostname,
): GatewayResourceKey {
  return gatewayResourceKey(gateway, scopeName(table, hostname === everyHost ? "*" : hostname));
}

/** The hostnames under which a member answers, for the index of members by hostname. */
export function hostKeys(member: HostMember): readonly string[] {
  if (member.kind !== "routes") return [virtualHostKey(member, member.hostname)];
  return member.hosts.map(({ hostname }) => virtualHostKey(member, hostname));
}

/** Gives the hostnames that a table answers also without routes. */
export const buildUnroutedHosts: Transform<RouteTable, UnroutedHost> = (_read, _key, table) => [
  ...table.hostnames.map((hostname) => unrouted(table, hostname, "notFound")),
  ...misdirectedHere(table).map((hostname) => unrouted(table, hostname, "misdirected")),
];

/** Merges everything that answers a hostname in order of precedence. */
export const mergeVirtualHost: Transform<ReadonlyMap<string, HostMember>, VirtualHost> = (_read, key, members) => {
  const [first] = members.values();
  if (first === undefined) return [];
  const place = { gateway: first.gateway, table: first.table };
  const entries: { readonly order: string; readonly routes: readonly Uint8Array[] }[] = [];
  let hostname: Hostname = everyHost;
  for (const member of members.values()) {
    if (member.kind !== "routes") {
      hostname = member.hostname;
      if (member.kind === "misdirected") return [[key, misdirectedHost({ ...place, hostname })]];
      continue;
    }
    for (const host of member.hosts) {
      if (virtualHostKey(member, host.hostname) !== key) continue;
      hostname = host.hostname;
      const before = hostnameOrder(host.written);
      for (const { order, routes } of member.entries) entries.push({ order: before + order, routes });
    }
  }
  entries.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
  return [[key, printVirtualHost({ ...place, hostname, routes: entries.flatMap(({ routes }) => routes) })]];
};

function unrouted(
  { gateway, table }: RouteTable,
  hostname: Hostname,
  kind: UnroutedHost["kind"],
): readonly [string, UnroutedHost] {
  const host: UnroutedHost = { kind, gateway, table, hostname };
  return [virtualHostKey(host, hostname), host];
}
