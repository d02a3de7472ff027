/** From what proxies refuse to what is not sent to them again. */
import type { StateStore } from "../claims/state-file.ts";
import { quarantinedLine } from "../claims/state-lines.ts";
import {
  gatewayResourceKey,
  kindNames,
  type NamespacedName,
  type ObjectKey,
  objectKey,
  parseObjectKey,
} from "../core/keys.ts";
import { type Quarantine, quarantineOf, type RefusedPart } from "../core/quarantine.ts";
import { systemScheduler } from "../core/scheduler.ts";
import type { ResourceType } from "../core/xds-resource.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import { QuarantineKeeper } from "../quarantine/quarantine-keeper.ts";
import { noStore, type QuarantineStore } from "../quarantine/quarantine-store.ts";
import { parseCaSecretName, parseClusterName, parseRouteName } from "../translate/envoy/names.ts";
import { splitTable } from "../translate/envoy/table-parts.ts";
import type { Culprit } from "../xds/culprit.ts";
import type { ResourceTable } from "../xds/resource-table.ts";
import { blamedAuthorities } from "./blamed-authorities.ts";
import { CertificateMates } from "./certificate-mates.ts";
import type { Translator } from "./translator.ts";

export interface CulpritParts {
  readonly translator: Pick<Translator, "metadata" | "routing">;
  readonly table: Pick<ResourceTable, "entries">;
  readonly now: () => Date;
  readonly logger: Pick<Logger, "warn">;
}

export interface QuarantineParts extends CulpritParts {
  readonly store: QuarantineStore;
  /** Something counts otherwise: a flush is due. */
  readonly changed: () => void;
}

/** Makes the keeper of quarantines. */
export function createQuarantines({ store, translator, table, logger, changed }: QuarantineParts): QuarantineKeeper {
  return new QuarantineKeeper({
    ...{ store, changed, random: Math.random, scheduler: systemScheduler },
    log: logger,
    isCurrent: (quarantine) => isStillRefused({ translator, table }, quarantine),
  });
}

/** Makes what streams call with what a proxy has refused. */
export function quarantineCulprits(
  keeper: Pick<QuarantineKeeper, "add">,
  parts: CulpritParts,
): (culprit: Culprit) => void {
  const { logger, translator } = parts;
  const mates = new CertificateMates(translator);
  const take = (culprit: Culprit): boolean => {
    const refused = refusedParts(parts, culprit);
    for (const part of refused) keeper.add(quarantineOf(part));
    return refused.length > 0;
  };
  return (culprit) => {
    const { gateway, resource, part, words } = culprit;
    const told = { gateway, type: resource.type, name: resource.name, ...(part && { part: part.id }), words };
    const table = parts.table.entries(gateway, "secret");
    const suspects = resource.type === "listener" ? mates.of(culprit) : [];
    for (const { resource: secret } of suspects.flatMap((name) => table.get(name) ?? [])) {
      take({ gateway, resource: secret, words });
    }
    const blamed = blamedAuthorities(translator, culprit);
    if (blamed === "none" && resource.type === "secret") mates.note(culprit);
    const meant = blamed === "none" ? [culprit] : inPlaceOf(culprit, blamed, table);
    const isOfObject = meant.map(take).includes(true) || suspects.length > 0;
    logger.warn(told, isOfObject ? "a proxy has refused a part of an object" : noObject);
  };
}

const noObject = "a proxy has refused what is no object's, or is another by now";

/** The authorities that are meant instead. Where it may be one of several nobody knows: none may go for another. */
function inPlaceOf(
  culprit: Culprit,
  blamed: readonly string[],
  secrets: ReturnType<ResourceTable["entries"]>,
): readonly Culprit[] {
  const [only, ...others] = blamed.flatMap((name) => secrets.get(name) ?? []);
  return only === undefined || others.length > 0 ? [] : [{ ...culprit, resource: only.resource }];
}

/** The objects behind a culprit, as long as they still are what the translation makes it of. */
function refusedParts({ translator, table, now }: CulpritParts, culprit: Culprit): readonly RefusedPart[] {
  const { gateway, resource, part, words } = culprit;
  const current = table.entries(gateway, resource.type).get(resource.name)?.resource;
  if (current === undefined) return [];
  const since = `${now().toISOString().slice(0, 19)}Z`;
  const facts = { gateway, words, since };
  if (part !== undefined) {
    const route = parseRouteName(part.id)?.route;
    const bound = route && translator.routing.routes.get(route);
    if (route === undefined || bound === undefined || !isSame(splitTable(current)?.parts.get(part.id), part.hashes))
      return [];
    return [{ ...facts, object: route, generation: bound.generation, part: part.id, hashes: part.hashes }];
  }
  if (current.version !== resource.version) return [];
  return objectsOf(culprit).flatMap((object) => {
    const generation = translator.metadata(object)?.generation;
    if (generation === undefined) return [];
    return [{ ...facts, object, generation, part: resource.name, hashes: [resource.version] }];
  });
}

/** Of a listener the proxies keep the last good form, and the Gateway tells what they say. */
function objectsOf({ resource: { type, name } }: Culprit): readonly ObjectKey[] {
  switch (type) {
    case "secret": {
      const configMaps = parseCaSecretName(name);
      if (configMaps !== undefined) return configMaps.map((configMap) => objectKey("ConfigMap", configMap));
      return [objectKey("Secret", name as NamespacedName)]; // its xDS name is its namespace and name
    }
    case "cluster":
      return [objectKey("Service", parseClusterName(name).service)];
    default:
      return [];
  }
}

function isSame(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a !== undefined && new Set([...a, ...b]).size === new Set(a).size && new Set(a).size === new Set(b).size;
}

/** Whether what a quarantine is about is still there: not gone, not newer, and still the same where it counts no generations. */
function isStillRefused(
  { translator, table }: Pick<CulpritParts, "translator" | "table">,
  { spec }: Quarantine,
): boolean {
  const { gateway, object, part, generation, hashes } = spec;
  // The parse boundary: people may have made it too.
  const { kind } = parseObjectKey(object as ObjectKey);
  const found = kindNames.includes(kind) ? translator.metadata(object as ObjectKey) : undefined;
  if (found === undefined || translator.routing.gateways.get(gateway) === undefined) return false;
  const key = gatewayResourceKey(gateway as NamespacedName, part);
  // A proxy may be faster than the flush by which a new quarantine counts: until then what it refused is still wanted.
  const isWanted = (type: ResourceType) =>
    hashes.includes(table.entries(gateway as NamespacedName, type).get(part)?.resource.version ?? "");
  switch (kind) {
    case "Secret":
      return translator.routing.refusedCertificates.get(key) !== undefined || isWanted("secret");
    case "ConfigMap":
      return translator.routing.refusedAuthorities.get(key) !== undefined || isWanted("secret");
    case "Service":
      return translator.routing.refusedClusters.get(key) !== undefined || isWanted("cluster");
    default:
      return found.generation <= generation;
  }
}

/** Keeps quarantines beside claims in a state file; without one they are forgotten with the process. */
export function fileQuarantines(store: Pick<StateStore, "append"> | undefined): QuarantineStore {
  if (store === undefined) return noStore;
  return {
    apply: async (change) => {
      const line = change.kind === "create" ? quarantinedLine(change.quarantine) : released(change.name);
      return store.append([line]);
    },
  };
}

function released(name: string) {
  return { kind: "released", name } as const;
}

/** Brings what tells of quarantines up to date. */
export function measureQuarantines({ all }: Pick<QuarantineKeeper, "all">, metrics: Metrics): void {
  metrics.quarantined.reset();
  for (const [kind, own] of Map.groupBy(all, ({ spec }) => parseObjectKey(spec.object as ObjectKey).kind)) {
    metrics.quarantined.set({ kind }, own.length);
  }
}
