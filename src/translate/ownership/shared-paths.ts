/** Paths of a hostname that several namespaces share on a listener: first come, first served. */
import type { Collection, Grouped, Reader, Transform } from "../../collection/collection.ts";
import type { HttpPathMatch } from "../../core/gateway-api.ts";
import type { Hostname } from "../../core/hostname.ts";
import { type HeldPath, type Holding, pathRecordKey, type RecordKey } from "../../core/ownership.ts";
import { isBelow } from "../../core/path.ts";
import { claimedPath } from "./path-cover.ts";

export interface SharedPathInputs {
  /** By RecordKey. */
  readonly holdings: Collection<Holding>;
  /** Held paths by {@link sharedScope}. */
  readonly pathsByScope: Grouped<Holding>;
  /** By {@link lengthKey}: there for lengths of which a path is held. */
  readonly heldLengths: Collection<true>;
}

/** Where paths are shared: a hostname of a listener. */
export interface SharedHost {
  readonly listener: string;
  readonly hostname: Hostname;
}

/** Names a shared host in an index. */
function sharedScope({ listener, hostname }: SharedHost): string {
  return `${listener} ${hostname}`;
}

/** Index keys of a holding: the shared host of its path, if it is one. */
export function scopeOfHolding({ hostname, path }: Holding): readonly string[] {
  return path === undefined ? [] : [sharedScope({ listener: path.listener, hostname })];
}

/** Index keys of a holding: how long its path is, where it is shared. */
export function lengthsOfHolding({ hostname, path }: Holding): readonly string[] {
  return path === undefined ? [] : [lengthKey({ listener: path.listener, hostname }, path.value.length)];
}

/** Tells which lengths the paths have that are held on a shared host. Each is looked up once, whatever asks. */
export function heldLengths(
  read: Reader,
  { heldLengths }: Pick<SharedPathInputs, "heldLengths">,
  host: SharedHost,
): (length: number) => boolean {
  const known = new Map<number, boolean>();
  return (length) => {
    const found = known.get(length) ?? read.get(heldLengths, lengthKey(host, length)) === true;
    known.set(length, found);
    return found;
  };
}

function lengthKey(host: SharedHost, length: number): string {
  return `${sharedScope(host)} ${length}`;
}

/** Lists the namespaces that hold paths of a hostname, on any listener. */
export const pathHolders: Transform<ReadonlyMap<string, Holding>, readonly string[]> = (_read, key, holdings) => [
  [key, [...new Set([...holdings.values()].map(({ namespace }) => namespace))].sort()],
];

/** Whether a namespace may have a path of a shared host. It has what lies below a prefix of its own without a record. */
export type PathVerdict =
  | { readonly kind: "own" | "free"; readonly key: RecordKey; readonly path: HeldPath }
  | { readonly kind: "refused"; readonly holding: Holding };

/** Who asks for which path; `isHeld` comes from {@link heldLengths}. */
export interface PathAsker {
  readonly namespace: string;
  readonly path: HttpPathMatch;
  readonly isHeld: (length: number) => boolean;
  /** Whether the platform has not granted it to others since: what a namespace holds counts only then. */
  readonly mayHold: (namespace: string) => boolean;
}

/** Decides about one match: the nearest holding at or above its path counts. */
export function judgePath(
  read: Reader,
  inputs: SharedPathInputs,
  host: SharedHost,
  { namespace, path: match, isHeld, mayHold }: PathAsker,
): PathVerdict {
  const path: HeldPath = { listener: host.listener, ...claimedPath(match) };
  const key = pathRecordKey(host.hostname, path);
  const nearest = nearestHolding(read, inputs, { host, path, isHeld, mayHold });
  if (nearest !== undefined && nearest.namespace !== namespace) return { kind: "refused", holding: nearest };
  // A regular expression comes before every prefix below it: nobody else's may lie there.
  const taken =
    path.type === "RegularExpression" ? foreignBelow(read, inputs, host, { namespace, path, mayHold }) : undefined;
  if (taken !== undefined) return { kind: "refused", holding: taken };
  return { kind: nearest === undefined ? "free" : "own", key, path };
}

interface HeldAbove extends Pick<PathAsker, "isHeld" | "mayHold"> {
  readonly host: SharedHost;
  readonly path: HeldPath;
}

/** A path may be as deep as somebody likes: of what is above it only what may be held is looked up. */
function nearestHolding(
  read: Reader,
  { holdings }: SharedPathInputs,
  { host: { listener, hostname }, path: { type, value }, isHeld, mayHold }: HeldAbove,
): Holding | undefined {
  const get = (held: Omit<HeldPath, "listener">) => {
    const found = read.get(holdings, pathRecordKey(hostname, { listener, ...held }));
    return found !== undefined && mayHold(found.namespace) ? found : undefined;
  };
  const exact = type === "Exact" ? get({ type, value }) : undefined;
  if (exact !== undefined) return exact;
  for (let end = value.length; end > 0; end = value.lastIndexOf("/", end - 1)) {
    // A prefix is held without the slashes at its end, `/` as it is.
    while (end > 1 && value[end - 1] === "/") end--;
    if (!isHeld(end)) continue;
    const prefix = value.slice(0, end);
    const found = get({ type: "PathPrefix", value: prefix }) ?? get({ type: "RegularExpression", value: prefix });
    if (found !== undefined) return found;
  }
  return get({ type: "PathPrefix", value: "/" }) ?? get({ type: "RegularExpression", value: "/" });
}

function foreignBelow(
  read: Reader,
  { pathsByScope }: SharedPathInputs,
  host: SharedHost,
  { namespace, path, mayHold }: Pick<PathAsker, "namespace" | "mayHold"> & { readonly path: HeldPath },
): Holding | undefined {
  const others = [...(read.get(pathsByScope, sharedScope(host))?.values() ?? [])];
  return others.find(
    (held) => held.namespace !== namespace && isBelow(held.path?.value ?? "/", path.value) && mayHold(held.namespace),
  );
}
