import {
  type Kind,
  kindNames,
  type NamespacedName,
  type ObjectKey,
  parseNamespacedName,
  parseObjectKey,
} from "../../core/keys.ts";
import { holdingOf, isPortHolding } from "../../core/ownership.ts";
import type { ObjectChange, WorldDiff } from "../../core/world-diff.ts";
import type { PipelineOptions } from "../../translate/pipeline.ts";
import type { Translator } from "../translator.ts";
import { isRefusal, verdictsOf } from "../world/verdicts.ts";
import type { PlacedObject, World } from "../world/world.ts";
import { settle, worldTranslator } from "../world/world-translator.ts";
import { changedAnswers, type Decide } from "./answers.ts";
import { type ChangeStep, planApply, planDelete } from "./change.ts";
import { changedForwarding } from "./layer4-owners.ts";
import { changedOthers } from "./others.ts";
import { changedOwners, type IsForeign } from "./owners.ts";
import { changedProxies } from "./proxies.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";

export interface DiffOptions extends PipelineOptions {
  /** The objects of the change are deleted, not applied. */
  readonly remove?: boolean;
  readonly decide: Decide;
}

/**
 * Compares the world before a change with the world right after it. Whatever is held before stays held: the change is made
 * in the same translation, so that incumbents keep what is theirs.
 */
export async function diffWorlds(
  before: Pick<World, "objects" | "notes">,
  change: readonly PlacedObject[],
  options: DiffOptions,
): Promise<WorldDiff> {
  const present = new Map(before.objects.map((entry) => [entry.key, entry]));
  const steps = options.remove === true ? planDelete(present, change) : planApply(present, change);
  const translator = worldTranslator(before.objects, options, change);
  const old = takeSnapshot(translator, await settle(translator));
  for (const step of steps) take(translator, step);
  const young = takeSnapshot(translator, await settle(translator), old);

  const isForeign = foreignTo(steps);
  const forwarding = changedForwarding(old, young, isForeign);
  const answers = changedAnswers(old, young, { decide: options.decide, isForeign });
  const parts = {
    objects: steps
      .filter(({ implied }) => implied !== true)
      .map((step) => describeStep(step, young))
      .sort(byKindAndName),
    owners: [...changedOwners(old, young, isForeign), ...forwarding.owners],
    requests: answers.changes,
    forwarded: forwarding.forwarded,
    others: changedOthers(old, young, isForeign),
    proxies: changedProxies(old, young),
  };
  const notes = [
    ...before.notes,
    ...steps
      .filter(({ implied }) => implied === true)
      .map(({ entry }) => `Namespace ${entry.name} is not there yet; it counts as there, without labels`),
    ...lingeringNotes(old, young),
    ...(answers.unprobed > 0 ? [unprobedNote(answers.unprobed)] : []),
  ];
  return { apiVersion: "gatehouse.dev/v1alpha1", kind: "WorldDiff", verdict: verdictOf(parts), ...parts, notes };
}

function take(translator: Translator, { entry, action }: ChangeStep): void {
  if (action === "create" || action === "change") translator.set(entry.kind, entry.name, entry.object);
  if (action === "delete" && !isRemade(translator, entry)) translator.delete(entry.kind, entry.name);
}

/** A record that goes while its hostname is in use is made again at once. */
function isRemade({ claims }: Translator, { object }: PlacedObject): boolean {
  return object.kind === "HostnameRecord" && claims.get(holdingOf(object).key) !== undefined;
}

function verdictOf({
  objects,
  owners,
  requests,
  forwarded,
  others,
}: Pick<WorldDiff, "objects" | "owners" | "requests" | "forwarded" | "others">) {
  if (objects.some(({ refused }) => refused)) return "refused";
  const touched = others.length > 0 || [...owners, ...requests, ...forwarded].some(({ foreign }) => foreign);
  return touched ? "affected" : "unaffected";
}

function describeStep({ entry, action, message }: ChangeStep, { statuses }: Snapshot): ObjectChange {
  const base = { object: entry.key, action };
  if (action === "delete" || action === "absent") return { ...base, refused: false, verdicts: [] };
  if (message !== undefined) {
    const verdict = { type: "Applied", status: "False", reason: "Immutable", message, good: false } as const;
    return { ...base, refused: true, verdicts: [verdict] };
  }
  const verdicts = verdictsOf(statuses.get(entry.key));
  return { ...base, refused: verdicts.some(isRefusal), verdicts };
}

/** The namespaces that a change is about: those of its objects, and those whose Namespace it writes. */
function foreignTo(steps: readonly ChangeStep[]): IsForeign {
  const own = new Set(steps.map(({ entry }) => (entry.kind === "Namespace" ? entry.name : namespaceOf(entry.name))));
  const changed = new Set(steps.map(({ entry }) => entry.key));
  return (key: ObjectKey | undefined) => {
    if (key === undefined || changed.has(key)) return false;
    const namespace = namespaceOf(parseObjectKey(key).name);
    return namespace !== undefined && !own.has(namespace);
  };
}

function namespaceOf(name: NamespacedName): string | undefined {
  return parseNamespacedName(name).namespace;
}

function byKindAndName(a: ObjectChange, b: ObjectChange): number {
  const kindOf = ({ object }: ObjectChange): Kind => parseObjectKey(object).kind;
  return kindNames.indexOf(kindOf(a)) - kindNames.indexOf(kindOf(b)) || (a.object < b.object ? -1 : 1);
}

/** What a change gives up is not free at once. */
function lingeringNotes(old: Snapshot, young: Snapshot): readonly string[] {
  const given = [...young.routing.holdings.entries()].filter(([key]) => old.wanted.has(key) && !young.wanted.has(key));
  return given
    .filter(([, holding]) => !isPortHolding(holding))
    .map(([, { hostname, path, namespace }]) => {
      const what = `${hostname || "every hostname"}${path === undefined ? "" : ` with path ${path.value}`}`;
      return `namespace ${namespace} no longer uses ${what}, and holds it until its claim ends`;
    })
    .sort();
}

function unprobedNote(count: number): string {
  return `${count} ${count === 1 ? "match has" : "matches have"} a regular expression for which no request was tried`;
}
