import {
  type Kind,
  type KindInfo,
  kindNames,
  kinds,
  type NamespacedName,
  nameOf,
  objectKey,
  parseNamespacedName,
} from "../../core/keys.ts";
import { type KubeClient, type KubeResult, type RawObject, resourcePath } from "../../core/kube-client.ts";
import type { ObjectStatus } from "../../core/object-status.ts";
import { acceptObject } from "../../watch/accepted-object.ts";
import { describeObject } from "../../watch/problem.ts";
import { referencedConfigMaps } from "../../watch/references.ts";
import { type NamedSecrets, namedSecrets } from "./named-secrets.ts";
import { standInConfigMaps, standInSecrets } from "./stand-in-secret.ts";
import { objectsOfKind, type PlacedObject, type World, type WorldProblem } from "./world.ts";

/** A world that was read, or why it could not be. */
export type LiveWorldResult =
  | { readonly kind: "ok"; readonly world: World }
  | { readonly kind: "failed"; readonly message: string };

export interface LiveWorldOptions {
  /** Milliseconds since the epoch: stand-ins for certificates have to be valid now. */
  readonly now: number;
  /** Objects that are not there yet: what their listeners name is stood in for too. */
  readonly also?: readonly PlacedObject[];
}

/**
 * Reads every object of the kinds that Gatehouse watches, with the rights of whoever asks. Kinds that are not installed
 * have no objects. Secrets that may not be listed are stood in for: every certificate that a listener names counts as
 * present and valid, unless the listener's own status says that it is not. Of ConfigMaps only those are read that are named
 * as authorities, one by one; what may not be read counts as present and valid too.
 */
export async function readLiveWorld(
  client: KubeClient,
  { now, also = [] }: LiveWorldOptions,
): Promise<LiveWorldResult> {
  const objects: PlacedObject[] = [];
  const problems: WorldProblem[] = [];
  const notes: string[] = [];
  const stored = new Map<string, ObjectStatus>();
  for (const kind of kindNames.filter((each) => each !== "ConfigMap")) {
    const list = await listKind(client, kind);
    if (list.kind === "ok") {
      for (const raw of list.value) take(kind, raw, { objects, problems, stored });
    } else if (kind === "Secret" && list.status === 403) {
      notes.push(secretsNote);
    } else {
      return { kind: "failed", message: `cannot list ${kinds[kind].plural}: ${list.message}` };
    }
  }
  if (notes.length > 0) objects.push(...(await standInSecrets(believedSecrets(objects, also, stored), now)));
  const named = new Set([...objects, ...also].flatMap(({ object }) => referencedConfigMaps(object)));
  const hidden = new Set<NamespacedName>();
  for (const name of named) {
    const found = await getConfigMap(client, name);
    if (found.kind === "ok") take("ConfigMap", found.value, { objects, problems, stored });
    else if (found.status === 403) hidden.add(name);
    else if (found.status !== 404)
      return { kind: "failed", message: `cannot read ConfigMap ${name}: ${found.message}` };
  }
  if (hidden.size > 0) notes.push(configMapsNote);
  objects.push(...(await standInConfigMaps(hidden, now)));
  return { kind: "ok", world: { objects, problems, notes } };
}

function getConfigMap(client: KubeClient, configMap: NamespacedName): Promise<KubeResult<RawObject>> {
  const { namespace, name } = parseNamespacedName(configMap);
  const { group, plural, versions }: KindInfo = kinds.ConfigMap;
  const [version = "v1"] = versions;
  const place = { ...(namespace !== undefined && { namespace }), name };
  return client.request<RawObject>({ method: "GET", path: resourcePath({ group, version, plural }, place) });
}

const configMapsNote =
  "some ConfigMaps with authorities may not be read with these rights: they count as present and valid, and are not compared";

const secretsNote =
  "Secrets may not be listed with these rights: certificates count as they stand in the statuses of listeners, and are not compared";
const pageSize = "500";

interface RawList {
  readonly metadata?: { readonly continue?: string };
  readonly items?: readonly RawObject[];
}

/** All objects of a kind in the first version that is served; none where the kind is not installed. */
async function listKind(client: KubeClient, kind: Kind): Promise<KubeResult<readonly RawObject[]>> {
  const { group, plural, versions }: KindInfo = kinds[kind];
  for (const version of versions) {
    const list = await listPages(client, resourcePath({ group, version, plural }), kind);
    if (list.kind === "ok" || list.status !== 404) return list;
  }
  return { kind: "ok", value: [] };
}

async function listPages(client: KubeClient, path: string, kind: Kind): Promise<KubeResult<readonly RawObject[]>> {
  const found: RawObject[] = [];
  let next: string | undefined;
  do {
    const query = {
      limit: pageSize,
      ...(next !== undefined && { continue: next }),
      // Listeners refer to no others.
      ...(kind === "Secret" && { fieldSelector: "type=kubernetes.io/tls" }),
    };
    const page = await client.request<RawList>({ method: "GET", path, query });
    if (page.kind === "failed") return page;
    found.push(...(page.value.items ?? []));
    next = page.value.metadata?.continue;
  } while (next !== undefined && next !== "");
  return { kind: "ok", value: found };
}

interface Taken {
  readonly objects: PlacedObject[];
  readonly problems: WorldProblem[];
  readonly stored: Map<string, ObjectStatus>;
}

function take(kind: Kind, raw: RawObject, { objects, problems, stored }: Taken): void {
  const { namespace, name } = raw.metadata;
  const status = raw["status"];
  const accepted = acceptObject(kind, raw);
  if (accepted.kind === "refused") {
    const object = describeObject(kind, namespace, name);
    for (const { path, message } of accepted.faults) {
      problems.push({ file: "API server", object, ...(path !== "" && { path }), message, ignored: true });
    }
    return;
  }
  const named = nameOf(accepted.object.metadata);
  const key = objectKey(kind, named);
  // The API server has checked it against the schema of its kind.
  if (typeof status === "object" && status !== null) stored.set(key, status as ObjectStatus);
  objects.push({ kind, name: named, key, object: accepted.object });
}

/** The Secrets of all listeners, less those of listeners that are known to lack one. */
function believedSecrets(
  objects: readonly PlacedObject[],
  also: readonly PlacedObject[],
  stored: ReadonlyMap<string, ObjectStatus>,
): ReadonlySet<NamespacedName> {
  const isLacking = ({ owner, listener }: NamedSecrets) => {
    const status = stored.get(owner);
    const told = listener === undefined ? status : status?.listeners?.find(({ name }) => name === listener);
    return told?.conditions?.find(({ type }) => type === "ResolvedRefs")?.status === "False";
  };
  const [lacking, usable] = partition(namedIn(objects), isLacking);
  const believed = new Set(usable.flatMap(({ secrets }) => secrets));
  const doubtful = new Set(lacking.flatMap(({ secrets }) => secrets));
  for (const name of namedIn(also).flatMap(({ secrets }) => secrets)) if (!doubtful.has(name)) believed.add(name);
  return believed;
}

function namedIn(objects: readonly PlacedObject[]): readonly NamedSecrets[] {
  return [...objectsOfKind(objects, "Gateway"), ...objectsOfKind(objects, "ListenerSet")].flatMap(({ object }) =>
    namedSecrets(object),
  );
}

function partition<T>(list: readonly T[], test: (each: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [list.filter(test), list.filter((each) => !test(each))];
}
