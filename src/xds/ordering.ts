import type { ResourceType, XdsResource } from "../core/xds-resource.ts";
import { clustersNamedBy, haveCommon } from "./named-clusters.ts";

/** The oldest generations of what a client has yet to acknowledge of one type; Infinity where there is nothing. */
export interface Outstanding {
  /** Since when the oldest content that is to be replaced has been out of date. */
  readonly upserts: number;
  readonly removals: number;
}

/** A table or listener that a client keeps in another form than the table's for as long as something is in the way. */
export interface KeptTable {
  /** Since when what the client runs has been out of date. */
  readonly since: number;
  /** The clusters that the form which the client runs names; undefined where nobody knows. */
  readonly clusters: ReadonlySet<string> | undefined;
}

/** How far one client is, as far as it decides what it may be sent. */
export interface Progress {
  outstanding(type: ResourceType): Outstanding;
  /** When the oldest cluster appeared that the client cannot use yet: unsent, not acknowledged or without endpoints. */
  newClusters(): number;
  /** The clusters that the client cannot use now, those that it refused among them. */
  unusable(): ReadonlySet<string>;
  /** Those of them that it will be able to use. */
  comingClusters(): ReadonlySet<string>;
  /** When the oldest resource appeared that the client should ask for and has not: a table that its listener names. */
  awaited(): number;
  /** When the oldest scope appeared that a client which reads scopes cannot use yet: not acknowledged, or its table is not. */
  newScopes(): number;
  /** Route tables that wait for a cluster, or of which a part was refused; listeners that were refused and name clusters. */
  kept(): readonly KeptTable[];
  /** The oldest generation of route content that is not acknowledged, without the tables that are kept. */
  oldestMovingTable(): number;
}

/** New content as the gates see it. */
export interface Candidate {
  readonly resource: XdsResource;
  /** The generation that made the content. */
  readonly changed: number;
  /** Whether the client asked for it and has nothing: it may hold a listener back until it is answered. */
  readonly isWanted: boolean;
}

/**
 * Says what of a type may be sent now. What a resource can name was decided with it or before, so it waits for what is at
 * most as old, and never for what came later: constant change of one type starves no other.
 */
export interface Gates {
  mayAdd(candidate: Candidate): boolean;
  /** `at` is the generation that removed the resource. */
  mayRemove(name: string, at: number): boolean;
}

/**
 * Says what may be sent to one client now, make before break:
 *
 *     cluster → (endpoint, secret, scope: at once) → removals of listeners → listener → route → removals of scope, route → cluster → endpoint
 *
 * Endpoints and secrets wait for nothing: Envoy acknowledges clusters only once their endpoints and secrets are there.
 * A route table waits for the clusters that it names and for no other, so one that is late or refused holds up nobody else.
 * A listener that goes may have the address of one that comes, and Envoy takes no second one there: so it goes first, but not
 * before what comes with it may follow at once.
 * All listeners of an Envoy read the same scopes: one that begins to, where others do already, opens with what has come so
 * far. So it waits for the scopes that are at most as old, and their tables.
 * A type of which nothing is outstanding holds nothing back, so a type that is never asked for does not either.
 */
export function gatesOf(type: ResourceType, progress: Progress): Gates {
  const upserts = once(() => least(upsertsAfter[type].map((before) => progress.outstanding(before).upserts)));
  const removals = once(() => removalGate(type, progress));
  const leaving = once(() => progress.outstanding("listener").removals);
  const newScopes = once(() => progress.newScopes());
  const newClusters = once(() => progress.newClusters());
  const unusable = once(() => progress.unusable());
  const coming = once(() => progress.comingClusters());
  const kept = once(() => (isNamedByTables(type) ? progress.kept() : []));
  return {
    mayAdd: ({ resource, changed, isWanted }) =>
      (isWanted || changed < upserts()) &&
      (type !== "listener" || (changed < newScopes() && changed < leaving())) &&
      hasItsClusters({ resource, changed }, { newClusters, unusable, coming }),
    mayRemove: (name, at) =>
      at < removals() &&
      (type !== "listener" || (at < newClusters() && at < newScopes())) &&
      kept().every((table) => isUnnamed(name, at, table)),
  };
}

/** Types whose replaced content must be acknowledged before a type's new content goes out. */
const upsertsAfter: Readonly<Record<ResourceType, readonly ResourceType[]>> = {
  cluster: [],
  endpoint: [],
  secret: [],
  listener: [],
  scope: [],
  route: ["listener", "scope"],
};

/** Types whose new content and removals must be acknowledged before a type's resources are removed. */
const removalsAfter: Readonly<
  Record<ResourceType, { readonly upserts: readonly ResourceType[]; readonly removals: readonly ResourceType[] }>
> = {
  listener: { upserts: [], removals: [] },
  scope: { upserts: ["listener", "scope", "route"], removals: ["listener"] },
  route: { upserts: ["listener", "scope", "route"], removals: ["listener", "scope"] },
  cluster: { upserts: ["listener", "scope", "route"], removals: ["listener", "scope", "route"] },
  endpoint: {
    upserts: ["cluster", "listener", "scope", "route"],
    removals: ["listener", "scope", "route", "cluster"],
  },
  secret: { upserts: ["cluster", "listener"], removals: ["listener", "cluster"] },
};

interface ClusterGates {
  readonly newClusters: () => number;
  readonly unusable: () => ReadonlySet<string>;
  readonly coming: () => ReadonlySet<string>;
}

/**
 * Whether the client can use every cluster that new content leads to. A listener leads to clusters by tables that nobody
 * has read here: it waits for all that are at most as old, so that its tables can follow at once, for Envoy opens a listener
 * without them after 15 seconds. Those that it names itself it waits for whenever they are on their way, but not for what was
 * refused: that is one route's, and the listener is everybody's. A scope names a table alone, which waits by itself.
 */
function hasItsClusters(
  { resource, changed }: Pick<Candidate, "resource" | "changed">,
  { newClusters, unusable, coming }: ClusterGates,
): boolean {
  if (resource.type !== "listener" && resource.type !== "route") return true;
  const isOlder = () => changed < newClusters();
  if (resource.clusters === undefined) return isOlder();
  if (resource.type === "route") return namesNoneOf(resource, unusable());
  return (resource.readsNoTable === true || isOlder()) && namesNoneOf(resource, coming());
}

function namesNoneOf(resource: XdsResource, clusters: ReadonlySet<string>): boolean {
  if (clusters.size === 0) return true;
  const named = clustersNamedBy(resource);
  return named === undefined || !haveCommon(named, clusters);
}

function removalGate(type: ResourceType, progress: Progress): number {
  const { upserts, removals } = removalsAfter[type];
  const isByName = isNamedByTables(type);
  return Math.min(
    type === "listener" ? Number.POSITIVE_INFINITY : progress.awaited(),
    ...upserts.map((before) =>
      isByName && before === "route" ? progress.oldestMovingTable() : progress.outstanding(before).upserts,
    ),
    ...removals.map((before) => progress.outstanding(before).removals),
  );
}

function isNamedByTables(type: ResourceType): boolean {
  return type === "cluster" || type === "endpoint";
}

function isUnnamed(name: string, at: number, { since, clusters }: KeptTable): boolean {
  return clusters === undefined ? at < since : !clusters.has(name);
}

function least(generations: readonly number[]): number {
  return Math.min(Number.POSITIVE_INFINITY, ...generations);
}

/** A gate is asked for each resource and costs what is outstanding, so it is worked out once, and only if asked. */
function once<V>(compute: () => V): () => V {
  let result: { readonly value: V } | undefined;
  return () => {
    result ??= { value: compute() };
    return result.value;
  };
}
