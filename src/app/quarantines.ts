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
import { parseClusterName, parseRouteName } from "../translate/envoy/names.ts";
import { splitTable } from "../translate/envoy/table-parts.ts";
import type { Culprit } from "../xds/culprit.ts";
import type { ResourceTable } from "../xds/resource-table.ts";
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
    const refused = refusedPart(parts, culprit);
    if (refused !== undefined) keeper.add(quarantineOf(refused));
    return refused !== undefined;
  };
  return (culprit) => {
    const { gateway, resource, part, words } = culprit;
    const told = { gateway, type: resource.type, name: resource.name, ...(part && { part: part.id }), words };
    const table = parts.table.entries(gateway, "secret");
    const suspects = resource.type === "listener" ? mates.of(culprit) : [];
    for (const { resource: secret } of suspects.flatMap((name) => table.get(name) ?? [])) {
      take({ gateway, resource: secret, words });
    }
    if (resource.type === "secret") mates.note(culprit);
    const isOfObject = take(culprit) || suspects.length > 0;
    logger.warn(told, isOfObject ? "a proxy has refused a part of an object" : noObject);
  };
}

const noObject = "a proxy has refused what is no object's, or is another by now";

/** The object behind a culprit, as long as it still is what the translation makes of it. */
function refusedPart({ translator, table, now }: CulpritParts, culprit: Culprit): RefusedPart | undefined {
  const { gateway, resource, part, words } = culprit;
  const current = table.entries(gateway, resource.type).get(resource.name)?.resource;
  if (current === undefined) return undefined;
  const since = `${now().toISOString().slice(0, 19)}Z`;
  const facts = { gateway, words, since };
  if (part !== undefined) {
    const route = parseRouteName(part.id)?.route;
    const bound = route && translator.routing.routes.get(route);
    if (route === undefined || bound === undefined || !isSame(splitTable(current)?.parts.get(part.id), part.hashes))
      return undefined;
    return { ...facts, object: route, generation: bound.generation, part: part.id, hashes: part.hashes };
  }
  const object = objectOf(culprit);
  const metadata = object && translator.metadata(object);
  if (object === undefined || metadata === undefined || current.version !== resource.version) return undefined;
  return { ...facts, object, generation: metadata.generation, part: resource.name, hashes: [resource.version] };
}

/** Of a listener the proxies keep the last good form, and the Gateway tells what they say. */
function objectOf({ resource: { type, name } }: Culprit): ObjectKey | undefined {
  switch (type) {
    case "secret":
      return objectKey("Secret", name as NamespacedName); // its xDS name is its namespace and name
    case "cluster":
      return objectKey("Service", parseClusterName(name).service);
    default:
      return undefined;
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
