/** Route tables as the rules that they are made of, so that one that a proxy refuses can be held back by itself. */
import type { XdsResource } from "../../core/xds-resource.ts";
import { parseRouteName } from "./names.ts";
import { contentVersion } from "./resource.ts";
import { concatBytes, fieldNumbers, repeatedField } from "./splice.ts";
import { type WireField, wireFields } from "./wire.ts";

/** The parts of a route table: by the name of their Envoy routes, each with the hashes of its messages. */
export interface TableParts {
  readonly parts: ReadonlyMap<string, readonly string[]>;
  /** The table with the parts in `held` as `base` has them; what `base` lacks is left out. */
  hold(held: ReadonlySet<string>, base: XdsResource | undefined): XdsResource;
}

/**
 * Splits a route table. Everything else is one piece: a filter chain of a listener, say, may match what another chain of an
 * older form matches too.
 */
export function splitTable(resource: XdsResource): TableParts | undefined {
  if (resource.type !== "route") return undefined;
  const table = readTable(resource);
  const hashes = new Map<string, Set<string>>();
  for (const { part, bytes } of table.hosts.flatMap(({ routes }) => routes)) {
    if (part !== undefined) hashes.set(part, (hashes.get(part) ?? new Set()).add(contentVersion([bytes])));
  }
  const parts = new Map([...hashes].map(([part, found]) => [part, [...found].sort()]));
  return { parts, hold: (held, base) => holdParts({ resource, table }, held, base) };
}

interface ReadRoute {
  /** The name that the routes of a rule have in common; absent for routes of ours. */
  readonly part?: string;
  /** The encoded envoy.config.route.v3.Route. */
  readonly bytes: Uint8Array;
}

interface ReadHost {
  readonly name: string;
  /** All fields but the routes. */
  readonly head: Uint8Array;
  readonly routes: readonly ReadRoute[];
}

interface ReadTable {
  /** All fields but the virtual hosts. */
  readonly head: Uint8Array;
  readonly hosts: readonly ReadHost[];
}

/** envoy.config.route.v3.VirtualHost.name */
const hostNameField = 1;
/** envoy.config.route.v3.Route.name */
const routeNameField = 14;

/** Of a table that was refused the same is read for each trial. */
const tablesRead = new WeakMap<XdsResource, ReadTable>();

function readTable(resource: XdsResource): ReadTable {
  const known = tablesRead.get(resource);
  if (known !== undefined) return known;
  const { head, repeated } = takeOut(wireFields(resource.bytes), fieldNumbers.virtualHosts);
  const table = { head, hosts: repeated.map(readHost) };
  tablesRead.set(resource, table);
  return table;
}

function readHost(bytes: Uint8Array): ReadHost {
  const fields = wireFields(bytes);
  const { head, repeated } = takeOut(fields, fieldNumbers.routes);
  return { name: textOf(fields, hostNameField), head, routes: repeated.map(readRoute) };
}

function readRoute(bytes: Uint8Array): ReadRoute {
  const name = textOf(wireFields(bytes), routeNameField);
  return { bytes, ...(parseRouteName(name) !== undefined && { part: name }) };
}

function takeOut(fields: readonly WireField[], number: number) {
  const rest = fields.filter((field) => field.number !== number);
  const repeated = fields.flatMap((field) => (field.number === number && field.content ? [field.content] : []));
  return { head: concatBytes(rest.map(({ bytes }) => bytes)), repeated };
}

function textOf(fields: readonly WireField[], number: number): string {
  const content = fields.findLast((field) => field.number === number)?.content;
  return content === undefined ? "" : Buffer.from(content).toString("utf8");
}

function holdParts(
  { resource, table }: { readonly resource: XdsResource; readonly table: ReadTable },
  held: ReadonlySet<string>,
  base: XdsResource | undefined,
): XdsResource {
  if (held.size === 0) return resource;
  const before = new Map((base === undefined ? [] : readTable(base).hosts).map((host) => [host.name, host]));
  const hosts = table.hosts.map((host) => {
    const routes = holdRoutes(host.routes, held, before.get(host.name)?.routes ?? []);
    return concatBytes([host.head, repeatedField(fieldNumbers.routes, routes)]);
  });
  const bytes = concatBytes([table.head, repeatedField(fieldNumbers.virtualHosts, hosts)]);
  if (Buffer.compare(bytes, resource.bytes) === 0) return resource;
  // What a proxy has already is not sent again under another version.
  if (base !== undefined && base.name === resource.name && Buffer.compare(bytes, base.bytes) === 0) return base;
  const clusters = () => new Set([...(resource.clusters?.() ?? []), ...(base?.clusters?.() ?? [])]);
  return { ...resource, version: contentVersion([bytes]), bytes, clusters };
}

/**
 * The routes of a virtual host with the held parts as they were before. Each of those stands right behind the one that it
 * stood behind: whatever it came before it still comes before, so nobody loses a request that was his.
 */
function holdRoutes(
  routes: readonly ReadRoute[],
  held: ReadonlySet<string>,
  before: readonly ReadRoute[],
): readonly Uint8Array[] {
  const isHeld = ({ part }: ReadRoute) => part !== undefined && held.has(part);
  const there = new Set(routes.flatMap(({ part }) => part ?? []));
  const kept = numbered(routes.filter((route) => !isHeld(route)));
  const keptIds = new Set(kept.map(({ id }) => id));
  /** By the route behind which they stand; `""` is the beginning. */
  const behind = new Map<string, Uint8Array[]>();
  let last = "";
  for (const { id, route } of numbered(before)) {
    if (!isHeld(route)) last = keptIds.has(id) ? id : last;
    // Of a hostname that the part has left it is not brought back.
    else if (there.has(route.part ?? "")) behind.set(last, [...(behind.get(last) ?? []), route.bytes]);
  }
  return [...(behind.get("") ?? []), ...kept.flatMap(({ id, route }) => [route.bytes, ...(behind.get(id) ?? [])])];
}

/** Each route with a name that lasts over forms of its table: which of its part's it is. */
function numbered(routes: readonly ReadRoute[]): readonly { readonly id: string; readonly route: ReadRoute }[] {
  const counts = new Map<string, number>();
  return routes.map((route) => {
    const { part = "" } = route;
    const count = counts.get(part) ?? 0;
    counts.set(part, count + 1);
    return { id: `${part}|${count}`, route };
  });
}
