import { compareSpecificity, everyHost, type Hostname, wildcardsAbove } from "../../core/hostname.ts";
import type { NamespacedName } from "../../core/keys.ts";
import type { RouteEntry, RouteTable, VirtualHost } from "../../translate/nodes.ts";
import type { RoutingView } from "../../translate/pipeline.ts";

/** One hostname of one port of a Gateway: where a request is answered, seen from the client. */
export interface HostPlace {
  readonly gateway: NamespacedName;
  readonly port: number;
  readonly scheme: "http" | "https";
  readonly hostname: Hostname;
  /** Equal versions answer alike. */
  readonly version: string;
  /** In order of precedence; empty where nobody answers. */
  readonly entries: readonly RouteEntry[];
}

/** The hostnames of one port of a Gateway. */
export type PortHosts = ReadonlyMap<Hostname, HostPlace>;

/** Lists the hostnames of every port, by {@link portId}. */
export function hostPlaces({ tables, hostsByTable }: RoutingView): ReadonlyMap<string, PortHosts> {
  const ports = new Map<string, Map<Hostname, HostPlace>>();
  const sorted = [...tables.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, table] of sorted) {
    const hosts = ports.get(portId(table)) ?? new Map<Hostname, HostPlace>();
    ports.set(portId(table), hosts);
    for (const host of hostsByTable.get(key)?.values() ?? []) {
      hosts.set(host.hostname, joined(placeOf(host, table), hosts.get(host.hostname)));
    }
  }
  return ports;
}

/** Names a port among those of all Gateways. */
function portId({ gateway, port }: { readonly gateway: NamespacedName; readonly port: number }): string {
  return `${gateway}|${port}`;
}

/** What answers a hostname: its own place, or that of the most specific hostname above it. */
export function placeAt(hosts: PortHosts, hostname: Hostname): HostPlace | undefined {
  const nearest = [hostname, ...wildcardsAbove(hostname), everyHost].find((name) => hosts.has(name));
  return nearest === undefined ? undefined : hosts.get(nearest);
}

/** The hostnames that are answered otherwise, or that only one of two worlds has. */
export function changedHosts(before: PortHosts, after: PortHosts): readonly Hostname[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(compareSpecificity);
  return names.filter((name) => before.get(name)?.version !== after.get(name)?.version);
}

function placeOf({ gateway, hostname, version, entries }: VirtualHost, { port, scheme }: RouteTable): HostPlace {
  return { gateway, port, scheme, hostname, version, entries };
}

/** A hostname may stand in several tables of a TLS port; where it is not served there are no entries. */
function joined(place: HostPlace, known: HostPlace | undefined): HostPlace {
  if (known === undefined) return place;
  const version = `${known.version} ${place.version}`;
  return { ...place, version, entries: [...known.entries, ...place.entries] };
}
