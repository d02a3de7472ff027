import type { Grouped, Reader, Transform } from "../collection/collection.ts";
import { everyHost, type Hostname } from "../core/hostname.ts";
import { misdirectedHere } from "./envoy/route-tables.ts";
import { misdirectedHost, printVirtualHost } from "./envoy/virtual-host.ts";
import { isInListener } from "./layer4/held-names.ts";
import type { HostMember, RouteEntry, RouteTable, TableRoutes, UnroutedHost, VirtualHost } from "./nodes.ts";
import { entriesInHole, type Hole } from "./ownership/holes.ts";
import { hostnameOrder } from "./precedence.ts";
import type { AttachedHost } from "./route-nodes.ts";
import { virtualHostKey } from "./virtual-host-key.ts";

/** The hostnames under which a member answers, for the index of members by hostname. */
export function hostKeys(member: HostMember | Hole): readonly string[] {
  if (member.kind === "hole" && isInListener(member)) return [];
  if (member.kind !== "routes") return [virtualHostKey(member, member.hostname)];
  return member.hosts.map(({ hostname }) => virtualHostKey(member, hostname));
}

/** Gives the hostnames that a table answers also without routes. */
export const buildUnroutedHosts: Transform<RouteTable, UnroutedHost> = (_read, _key, table) => [
  ...table.hostnames.map((hostname) => unrouted(table, hostname, "notFound")),
  ...misdirectedHere(table).map((hostname) => unrouted(table, hostname, "misdirected")),
];

/** What may answer in a hole: the routes of wide hosts, by virtualHostKey of those. */
export interface MergeInputs {
  readonly wideMembers: Grouped<TableRoutes | UnroutedHost>;
}

/** Merges everything that answers a hostname in order of precedence. */
export function mergeVirtualHost(inputs: MergeInputs): Transform<ReadonlyMap<string, HostMember | Hole>, VirtualHost> {
  return (read, key, members) => {
    const [first] = members.values();
    if (first === undefined) return [];
    const place = { gateway: first.gateway, table: first.table };
    const found = [...members.values()];
    if (found.some(({ kind }) => kind === "misdirected")) {
      return [[key, misdirectedHost({ ...place, hostname: unroutedHostname(found) })]];
    }
    const hole = found.find((member) => member.kind === "hole");
    const routed = answersOf(found, key);
    // Routes that have the hostname itself leave nothing for those of a wider one.
    const answers = routed.length === 0 && hole !== undefined ? answersInHole(read, inputs, hole) : routed;
    const entries = answers.flatMap(({ host, entries }) => placed(host, entries)).sort(byOrder);
    const hostname = routed[0]?.host.hostname ?? hole?.hostname ?? unroutedHostname(found);
    const routes = entries.flatMap((entry) => entry.routes);
    return [[key, printVirtualHost({ ...place, hostname, routes, entries })]];
  };
}

interface Answer {
  readonly host: AttachedHost;
  readonly entries: readonly RouteEntry[];
}

/** What routes answer under a hostname. They are many where they share one: its key is made once. */
function answersOf(members: Iterable<HostMember | Hole>, key: string): readonly Answer[] {
  const answers: Answer[] = [];
  let hostname: Hostname | undefined;
  for (const member of members) {
    if (member.kind !== "routes") continue;
    hostname ??= member.hosts.find((host) => virtualHostKey(member, host.hostname) === key)?.hostname;
    for (const host of member.hosts) {
      if (host.hostname === hostname) answers.push({ host, entries: member.entries });
    }
  }
  return answers;
}

function answersInHole(read: Reader, { wideMembers }: MergeInputs, hole: Hole): readonly Answer[] {
  const members = [...(read.get(wideMembers, hole.wide)?.values() ?? [])];
  return members
    .filter((member) => member.kind === "routes")
    .flatMap((member) => {
      const entries = entriesInHole(hole, member);
      return entries.length === 0 ? [] : answersOf([member], hole.wide).map(({ host }) => ({ host, entries }));
    });
}

function placed(host: AttachedHost, entries: readonly RouteEntry[]): readonly RouteEntry[] {
  const all = placedAt(host.written, entries);
  const { withheld } = host;
  return withheld === undefined ? all : all.filter(({ id }) => !withheld.has(id));
}

/** Made once for each route, as a hostname is merged again whenever one of its many routes changes. */
function placedAt(written: Hostname, entries: readonly RouteEntry[]): readonly RouteEntry[] {
  const known = placedEntries.get(entries);
  if (known?.written === written) return known.placed;
  const before = hostnameOrder(written);
  const placed = entries.map((entry) => ({ ...entry, order: before + entry.order }));
  placedEntries.set(entries, { written, placed });
  return placed;
}

/** By the entries of a route: where they stood last. */
const placedEntries = new WeakMap<
  readonly RouteEntry[],
  { readonly written: Hostname; readonly placed: readonly RouteEntry[] }
>();

function byOrder(a: RouteEntry, b: RouteEntry): number {
  return a.order < b.order ? -1 : a.order > b.order ? 1 : 0;
}

function unroutedHostname(members: readonly (HostMember | Hole)[]): Hostname {
  for (const member of members) if (member.kind !== "routes") return member.hostname;
  return everyHost;
}

function unrouted(
  { gateway, table }: RouteTable,
  hostname: Hostname,
  kind: UnroutedHost["kind"],
): readonly [string, UnroutedHost] {
  const host: UnroutedHost = { kind, gateway, table, hostname };
  return [virtualHostKey(host, hostname), host];
}
