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
  /** How tables were cut before, as long as proxies may have connections that go by it. By the same key. */
  readonly formerModes: Collection<TableMode>;
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
  return (read, key, { onlyPlain }) => {
    if (onlyPlain === true) return [[key, "plain"]];
    return [[key, wantedTableMode(read.get(current, key), read.get(exactHosts, key)?.size ?? 0)]];
  };
}

/** Prints what the hostnames of a table share: the whole plain table, or the fallback of a scoped one. */
export function printSharedTable(inputs: TableInputs): Transform<RouteTable, XdsResource> {
  return (read, key, table) => {
    const plain = useOf(read, inputs, { key, mode: "plain" });
    const scoped = useOf(read, inputs, { key, mode: "scoped" });
    return [
      ...(plain === undefined ? [] : [output(table, printPlain(read, inputs, { key, table }), plain)]),
      ...(scoped === undefined
        ? []
        : [output(table, printFallbackTable(table, members(read, inputs.wildcardHosts, key)), scoped)]),
    ];
  };
}

function printPlain(
  read: Reader,
  { hosts }: Pick<TableInputs, "hosts">,
  { key, table }: { readonly key: string; readonly table: RouteTable },
): XdsResource {
  const elsewhere = misdirectedElsewhere(table);
  const rest = elsewhere.length === 0 ? [] : [misdirectedHosts(table, elsewhere)];
  return printPlainTable(table, [...members(read, hosts, key), ...rest]);
}

/** Prints the table of one exact hostname, where its table is scoped. */
export function printOwnTable(inputs: Cuts): Transform<VirtualHost, XdsResource> {
  return (read, _key, host) => {
    const use = ownTableUse(read, inputs, host);
    return use === undefined ? [] : [output(host, printHostTable(host.table, host), use)];
  };
}

/** Prints the scope that names it. */
export function printOwnScope(inputs: Cuts): Transform<VirtualHost, XdsResource> {
  return (read, _key, host) => {
    const use = ownTableUse(read, inputs, host);
    return use === undefined ? [] : [output(host, printScope(host.table, host.hostname), use)];
  };
}

/** Prints the scope that names the fallback of a scoped table. */
export function printFallbackScope(inputs: Cuts): Transform<RouteTable, XdsResource> {
  return (read, key, table) => {
    const use = useOf(read, inputs, { key, mode: "scoped" });
    return use === undefined ? [] : [output(table, printScope(table.table, "*"), use)];
  };
}

/** The TLS port of a table, for the index of tables by port; plain HTTP has no other connection to point to. */
export function tlsPortKeys(table: RouteTable): readonly string[] {
  return table.scheme === "https" ? [gatewayResourceKey(table.gateway, misdirectedTable(table.port))] : [];
}

/** Prints the table that the scoped tables of a TLS port share. */
export function printSharedMisdirected(inputs: Cuts): Transform<ReadonlyMap<string, RouteTable>, XdsResource> {
  return (read, _key, tables) => {
    const [first] = tables.values();
    const use = sharedUse(read, inputs, tables);
    if (first === undefined || use === undefined) return [];
    const hostnames = [...tables.values()].flatMap((table) => [...table.hostnames, ...table.misdirected]);
    return [output(first, printMisdirectedTable({ ...first, hostnames }), use)];
  };
}

/** Prints the scope that names it. */
export function printMisdirectedScope(inputs: Cuts): Transform<ReadonlyMap<string, RouteTable>, XdsResource> {
  return (read, _key, tables) => {
    const [first] = tables.values();
    const use = sharedUse(read, inputs, tables);
    return first === undefined || use === undefined
      ? []
      : [output(first, printScope(misdirectedTable(first.port), "*"), use)];
  };
}

function members(read: Reader, hosts: Grouped<VirtualHost>, key: string): readonly VirtualHost[] {
  return [...(read.get(hosts, key)?.values() ?? [])];
}

/** Whether listeners go by a cut now, or only connections that were opened before it was changed. */
type Use = "now" | "lingering";

type Cuts = Pick<TableInputs, "modes" | "formerModes">;

function useOf(
  read: Reader,
  { modes, formerModes }: Cuts,
  { key, mode }: { readonly key: string; readonly mode: TableMode },
): Use | undefined {
  if ((read.get(modes, key) ?? "plain") === mode) return "now";
  return read.get(formerModes, key) === mode ? "lingering" : undefined;
}

function ownTableUse(read: Reader, cuts: Cuts, host: VirtualHost): Use | undefined {
  return isExact(host.hostname) ? useOf(read, cuts, { key: tableKey(host), mode: "scoped" }) : undefined;
}

/** What the tables of a port have in common is used as long as one of them is scoped. */
function sharedUse(read: Reader, cuts: Cuts, tables: ReadonlyMap<string, RouteTable>): Use | undefined {
  const uses = [...tables.values()].map((table) => useOf(read, cuts, { key: tableKey(table), mode: "scoped" }));
  return uses.find((use) => use === "now") ?? uses.find((use) => use !== undefined);
}

function output(
  { gateway }: { readonly gateway: NamespacedName },
  resource: XdsResource,
  use: Use,
): readonly [string, XdsResource] {
  return [gatewayResourceKey(gateway, resource.name), use === "now" ? resource : { ...resource, lingers: true }];
}
