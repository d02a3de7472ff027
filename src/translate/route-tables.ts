/** The route tables of a proxy: which hostnames stand in which, in either cut. The printing is in `envoy/route-tables.ts`. */
import type { Collection, Grouped, Reader, Transform } from "../collection/collection.ts";
import type { TableMode } from "../core/data-plane.ts";
import { isExact } from "../core/hostname.ts";
import { type GatewayResourceKey, gatewayResourceKey, type NamespacedName } from "../core/keys.ts";
import type { XdsResource } from "../core/xds-resource.ts";
import {
  misdirectedElsewhere,
  misdirectedTable,
  printFallbackTable,
  printHostTable,
  printMisdirectedTable,
  printPlainTable,
  wantedTableMode,
} from "./envoy/route-tables.ts";
import { printScope } from "./envoy/scope.ts";
import { misdirectedHosts } from "./envoy/virtual-host.ts";
import type { RouteTable, VirtualHost } from "./nodes.ts";

export interface TableInputs {
  /** By gatewayResourceKey(gateway, table). */
  readonly modes: Collection<TableMode>;
  readonly hosts: Grouped<VirtualHost>;
  /** Those of them that are not exact hostnames. */
  readonly wildcardHosts: Grouped<VirtualHost>;
}

/** The table of a hostname, for the indexes of hostnames by table. */
export function tableKey({ gateway, table }: Pick<VirtualHost, "gateway" | "table">): GatewayResourceKey {
  return gatewayResourceKey(gateway, table);
}

/** Decides how each table is cut, from how many exact hostnames it has and from how it is cut now. */
export function chooseTableMode(
  current: Collection<TableMode>,
  exactHosts: Grouped<VirtualHost>,
): Transform<RouteTable, TableMode> {
  return (read, key) => [[key, wantedTableMode(read.get(current, key), read.get(exactHosts, key)?.size ?? 0)]];
}

/** Prints what the hostnames of a table share: the whole plain table, or the fallback of a scoped one. */
export function printSharedTable(inputs: TableInputs): Transform<RouteTable, XdsResource> {
  return (read, key, table) => {
    if (read.get(inputs.modes, key) === "scoped") {
      return [output(table, printFallbackTable(table, members(read, inputs.wildcardHosts, key)))];
    }
    const elsewhere = misdirectedElsewhere(table);
    const rest = elsewhere.length === 0 ? [] : [misdirectedHosts(table, elsewhere)];
    return [output(table, printPlainTable(table, [...members(read, inputs.hosts, key), ...rest]))];
  };
}

/** Prints the table of one exact hostname, where its table is scoped. */
export function printOwnTable({ modes }: Pick<TableInputs, "modes">): Transform<VirtualHost, XdsResource> {
  return (read, _key, host) => (hasOwnTable(read, modes, host) ? [output(host, printHostTable(host.table, host))] : []);
}

/** Prints the scope that names it. */
export function printOwnScope({ modes }: Pick<TableInputs, "modes">): Transform<VirtualHost, XdsResource> {
  return (read, _key, host) =>
    hasOwnTable(read, modes, host) ? [output(host, printScope(host.table, host.hostname))] : [];
}

/** Prints the scope that names the fallback of a scoped table. */
export function printFallbackScope({ modes }: Pick<TableInputs, "modes">): Transform<RouteTable, XdsResource> {
  return (read, key, table) => (read.get(modes, key) === "scoped" ? [output(table, printScope(table.table, "*"))] : []);
}

/** The TLS port of a table, for the index of tables by port; plain HTTP has no other connection to point to. */
export function tlsPortKeys(table: RouteTable): readonly string[] {
  return table.scheme === "https" ? [gatewayResourceKey(table.gateway, misdirectedTable(table.port))] : [];
}

/** Prints the table that the scoped tables of a TLS port share. */
export function printSharedMisdirected({
  modes,
}: Pick<TableInputs, "modes">): Transform<ReadonlyMap<string, RouteTable>, XdsResource> {
  return (read, _key, tables) => {
    const [first] = tables.values();
    if (first === undefined || !someScoped(read, modes, tables)) return [];
    const hostnames = [...tables.values()].flatMap((table) => [...table.hostnames, ...table.misdirected]);
    return [output(first, printMisdirectedTable({ ...first, hostnames }))];
  };
}

/** Prints the scope that names it. */
export function printMisdirectedScope({
  modes,
}: Pick<TableInputs, "modes">): Transform<ReadonlyMap<string, RouteTable>, XdsResource> {
  return (read, _key, tables) => {
    const [first] = tables.values();
    if (first === undefined || !someScoped(read, modes, tables)) return [];
    return [output(first, printScope(misdirectedTable(first.port), "*"))];
  };
}

function members(read: Reader, hosts: Grouped<VirtualHost>, key: string): readonly VirtualHost[] {
  return [...(read.get(hosts, key)?.values() ?? [])];
}

function hasOwnTable(read: Reader, modes: Collection<TableMode>, host: VirtualHost): boolean {
  return isExact(host.hostname) && read.get(modes, tableKey(host)) === "scoped";
}

function someScoped(read: Reader, modes: Collection<TableMode>, tables: ReadonlyMap<string, RouteTable>): boolean {
  return [...tables.values()].some((table) => read.get(modes, tableKey(table)) === "scoped");
}

function output(
  { gateway }: { readonly gateway: NamespacedName },
  resource: XdsResource,
): readonly [string, XdsResource] {
  return [gatewayResourceKey(gateway, resource.name), resource];
}
