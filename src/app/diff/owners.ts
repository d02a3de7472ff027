import type { HttpPathMatch } from "../../core/gateway-api.ts";
import type { Hostname } from "../../core/hostname.ts";
import type { ObjectKey } from "../../core/keys.ts";
import type { OwnerChange } from "../../core/world-diff.ts";
import { trimmedPrefix } from "../../translate/envoy/route-match.ts";
import type { RouteEntry } from "../../translate/nodes.ts";
import { changedHosts, type HostPlace, hostPlaces, type PortHosts, placeAt } from "./host-places.ts";
import type { Snapshot } from "./snapshot.ts";

/** Tells whether an object belongs to a namespace that the change does not touch. */
export type IsForeign = (object: ObjectKey | undefined) => boolean;

/** Lists hostnames and paths whose first route is another one than before. */
export function changedOwners(before: Snapshot, after: Snapshot, isForeign: IsForeign): readonly OwnerChange[] {
  const old = hostPlaces(before.routing);
  const young = hostPlaces(after.routing);
  const ports = [...new Set([...old.keys(), ...young.keys()])].sort();
  const none: PortHosts = new Map();
  return ports.flatMap((port) => ownersOfPort(old.get(port) ?? none, young.get(port) ?? none, isForeign));
}

function ownersOfPort(before: PortHosts, after: PortHosts, isForeign: IsForeign): readonly OwnerChange[] {
  return changedHosts(before, after).flatMap((hostname) => {
    const [old, young] = [placeAt(before, hostname), placeAt(after, hostname)];
    const place = young ?? old;
    if (place === undefined) return [];
    const paths = new Map(
      [...(old?.entries ?? []), ...(young?.entries ?? [])].map(({ match }) => [pathId(match.path), match.path]),
    );
    return [...paths]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, path]) => ownerChange({ place, hostname, path }, old, young, isForeign));
  });
}

interface OwnedPath {
  readonly place: HostPlace;
  readonly hostname: Hostname;
  readonly path: HttpPathMatch;
}

function ownerChange(
  { place, hostname, path }: OwnedPath,
  old: HostPlace | undefined,
  young: HostPlace | undefined,
  isForeign: IsForeign,
): readonly OwnerChange[] {
  const before = ownerOf(old?.entries ?? [], path);
  const after = ownerOf(young?.entries ?? [], path);
  if (before === after) return [];
  const { gateway, port } = place;
  return [
    {
      gateway,
      port,
      hostname: hostname === "" ? "*" : hostname,
      path,
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
      foreign: isForeign(before) || isForeign(after),
    },
  ];
}

/** The route of the first match that covers the path; what else the match asks for is left aside. */
function ownerOf(entries: readonly RouteEntry[], path: HttpPathMatch): ObjectKey | undefined {
  return entries.find(({ match }) => coversPath(match.path, path))?.route;
}

function coversPath(wide: HttpPathMatch, narrow: HttpPathMatch): boolean {
  if (pathId(wide) === pathId(narrow)) return true;
  if (wide.type !== "PathPrefix") return false;
  const prefix = trimmedPrefix(wide.value);
  if (prefix === "") return true;
  if (narrow.type === "RegularExpression") return false;
  return narrow.value === prefix || narrow.value.startsWith(`${prefix}/`);
}

function pathId({ type, value }: HttpPathMatch): string {
  return `${type} ${type === "PathPrefix" ? trimmedPrefix(value) : value}`;
}
