import { isDeepStrictEqual } from "node:util";
import { assertNever } from "../core/assert-never.ts";
import type { Condition, ListenerStatus, ParentStatus, StatusUpdate } from "../core/conditions.ts";
import type { ParentReference } from "../core/gateway-api.ts";
import { type ObjectKey, parseNamespacedName, parseObjectKey } from "../core/keys.ts";
import type {
  ObjectStatus,
  StoredAncestor,
  StoredCondition,
  StoredListener,
  StoredParent,
  StoredParentReference,
} from "../core/object-status.ts";
import { hostnamesGranted } from "../core/ownership.ts";
import { routeProgrammed } from "../core/quarantine.ts";

/** What a merge needs to know beside the two statuses. */
export interface MergeContext {
  /** Entries of `status.parents` under this name are ours; all others belong to somebody else. */
  readonly controllerName: string;
  /** Told as the transition time of every condition whose status changes. */
  readonly now: Date;
  /** Of the object whose status it is: what is stored cannot have seen a newer one. */
  readonly generation?: number;
}

/**
 * Merges the status that an object should have into the one that it has: the status to write, or undefined when there is
 * nothing to write. Whatever is not ours stays as it is and where it is. An update that has seen an older generation than
 * the stored status changes nothing: somebody knows more than we do.
 */
export function mergeStatus(
  current: ObjectStatus | undefined,
  update: StatusUpdate,
  context: MergeContext,
): ObjectStatus | undefined {
  const before = current ?? {};
  if (isOutdated(before, update, context)) return undefined;
  const merged = merge(before, update, context);
  return isDeepStrictEqual(merged, before) ? undefined : merged;
}

/** The newest generation that any condition of an update has seen; 0 when it holds none. */
export function updateGeneration(update: StatusUpdate): number {
  switch (update.kind) {
    case "GatewayClass":
    case "GatewayParameters":
      return seenGeneration(update.conditions);
    case "Gateway":
    case "ListenerSet":
      return seenGeneration([...update.conditions, ...update.listeners.flatMap(({ conditions }) => conditions)]);
    case "Route":
      return seenGeneration(update.parents.flatMap(({ conditions }) => conditions));
    case "Policy":
      return seenGeneration(update.ancestors.flatMap(({ conditions }) => conditions));
    default:
      return assertNever(update);
  }
}

/** One spelling of a parentRef with the API's defaults filled in: by it the entries of `status.parents` are found again. */
export function parentIdentity(ref: StoredParentReference, routeNamespace: string | undefined): string {
  const { group = defaultParent.group, kind = defaultParent.kind, name, sectionName, port } = ref;
  return JSON.stringify([group, kind, ref.namespace ?? routeNamespace, name, sectionName ?? "", port ?? 0]);
}

/** Condition types that we write at some time: one of them that an update leaves out is taken away. */
const ourTypes: ReadonlySet<string> = new Set([
  "Accepted",
  "Programmed",
  "ResolvedRefs",
  "Conflicted",
  "OverlappingTLSConfig",
  "InsecureFrontendValidationMode",
  "PartiallyInvalid",
  hostnamesGranted,
  routeProgrammed,
  "gatehouse.dev/RulesReachable",
  "gatehouse.dev/ChangesDelayed",
  "SupportedVersion",
]);

/** The API's limit on conditions in one list, over those of all controllers. */
const conditionsLimit = 8;
/** The API's limit on `status.parents`, over the entries of all controllers. */
const parentsLimit = 32;
/** The same on `status.ancestors`. */
const ancestorsLimit = 16;

const defaultParent = {
  group: "gateway.networking.k8s.io",
  kind: "Gateway",
} as const satisfies Partial<ParentReference>;

function merge(before: ObjectStatus, update: StatusUpdate, context: MergeContext): ObjectStatus {
  switch (update.kind) {
    case "GatewayClass":
      return {
        ...before,
        conditions: mergeConditions(before.conditions, update.conditions, context),
        supportedFeatures: update.supportedFeatures.map((name) => ({ name })),
      };
    case "Gateway":
      return {
        ...before,
        addresses: update.addresses,
        conditions: mergeConditions(before.conditions, update.conditions, context),
        listeners: mergeListeners(before.listeners, update.listeners, context),
        attachedListenerSets: update.attachedListenerSets,
      };
    case "ListenerSet":
      return {
        ...before,
        conditions: mergeConditions(before.conditions, update.conditions, context),
        listeners: mergeListeners(before.listeners, update.listeners, context),
      };
    case "GatewayParameters":
      return { ...before, conditions: mergeConditions(before.conditions, update.conditions, context) };
    case "Route": {
      const parents = mergeParents(before.parents, update, context);
      return parents.length === 0 && before.parents === undefined ? before : { ...before, parents };
    }
    case "Policy": {
      const ancestors = mergeAncestors(before.ancestors, update, context);
      return ancestors.length === 0 && before.ancestors === undefined ? before : { ...before, ancestors };
    }
    default:
      return assertNever(update);
  }
}

/** Conditions are a map by type. Those that stay keep their order, so that a write touches as little as possible. */
function mergeConditions(
  before: readonly StoredCondition[] = [],
  desired: readonly Condition[],
  context: MergeContext,
): readonly StoredCondition[] {
  const wanted = new Map(desired.map((condition) => [condition.type, condition]));
  const kept: StoredCondition[] = [];
  for (const condition of before) {
    const mine = wanted.get(condition.type);
    if (mine !== undefined) kept.push(mergeCondition(condition, mine, context));
    else if (!ourTypes.has(condition.type)) kept.push(condition);
    wanted.delete(condition.type);
  }
  const added = [...wanted.values()].map((condition) => mergeCondition(undefined, condition, context));
  // One too many, and the API server would take none of them.
  return [...kept, ...added.slice(0, Math.max(0, conditionsLimit - kept.length))];
}

function mergeCondition(
  before: StoredCondition | undefined,
  desired: Condition,
  { now }: MergeContext,
): StoredCondition {
  const { type, status, reason, message, observedGeneration } = desired;
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime : timestamp(now);
  return { type, status, reason, message, observedGeneration, lastTransitionTime };
}

/** RFC 3339 in whole seconds, as the API server writes times. */
function timestamp(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

function mergeListeners(
  before: readonly StoredListener[] = [],
  desired: readonly ListenerStatus[],
  context: MergeContext,
): readonly StoredListener[] {
  const byName = new Map(before.map((listener) => [listener.name, listener]));
  return desired.map((listener) => ({
    ...byName.get(listener.name),
    name: listener.name,
    supportedKinds: listener.supportedKinds,
    attachedRoutes: listener.attachedRoutes,
    conditions: mergeConditions(byName.get(listener.name)?.conditions, listener.conditions, context),
  }));
}

function mergeParents(
  before: readonly StoredParent[] | undefined,
  { object, parents }: Extract<StatusUpdate, { kind: "Route" }>,
  context: MergeContext,
): readonly StoredParent[] {
  return mergeEntries(before, { object, desired: parents, limit: parentsLimit }, context);
}

/** The same list under other names. */
function mergeAncestors(
  before: readonly StoredAncestor[] | undefined,
  { object, ancestors }: Extract<StatusUpdate, { kind: "Policy" }>,
  context: MergeContext,
): readonly StoredAncestor[] {
  const stored = before?.map(({ ancestorRef, ...entry }) => ({ parentRef: ancestorRef, ...entry }));
  const desired = ancestors.map(({ ancestorRef, ...entry }) => ({ parentRef: ancestorRef, ...entry }));
  const merged = mergeEntries(stored, { object, desired, limit: ancestorsLimit }, context);
  return merged.map(({ parentRef, ...entry }) => ({ ancestorRef: parentRef, ...entry }));
}

/** The list is atomic, so every writer writes all of it: entries of others stay, ours are replaced where they stand. */
function mergeEntries(
  before: readonly StoredParent[] = [],
  {
    object,
    desired,
    limit,
  }: { readonly object: ObjectKey; readonly desired: readonly ParentStatus[]; readonly limit: number },
  context: MergeContext,
): readonly StoredParent[] {
  const namespace = parseNamespacedName(parseObjectKey(object).name).namespace;
  const identity = (ref: StoredParentReference) => parentIdentity(ref, namespace);
  const wanted = new Map(desired.map((parent) => [identity(parent.parentRef), parent]));
  const kept: StoredParent[] = [];
  for (const parent of before) {
    if (parent.controllerName !== context.controllerName) kept.push(parent);
    else {
      const key = identity(parent.parentRef);
      const mine = wanted.get(key);
      if (mine !== undefined) kept.push(mergeParent(parent, mine, context));
      wanted.delete(key);
    }
  }
  const added = [...wanted.values()].map((parent) => mergeParent(undefined, parent, context));
  return [...kept, ...added.slice(0, Math.max(0, limit - kept.length))];
}

function mergeParent(before: StoredParent | undefined, desired: ParentStatus, context: MergeContext): StoredParent {
  return {
    parentRef: desired.parentRef,
    controllerName: context.controllerName,
    conditions: mergeConditions(before?.conditions, desired.conditions, context),
  };
}

/** A route or policy that has left all our Gateways tells no generation: then what we wrote before has to go. */
function isOutdated(before: ObjectStatus, update: StatusUpdate, context: MergeContext): boolean {
  if (update.kind === "Route" && update.parents.length === 0) return false;
  if (update.kind === "Policy" && update.ancestors.length === 0) return false;
  const seen = seenGeneration(ourConditions(before, update, context));
  // A generation that there never was comes from a backup, or from somebody's hand: it must not stand for ever.
  const isPossible = context.generation === undefined || seen <= context.generation;
  return isPossible && seen > updateGeneration(update);
}

/** The stored conditions that an update would replace. */
function ourConditions(
  before: ObjectStatus,
  update: StatusUpdate,
  { controllerName }: MergeContext,
): readonly StoredCondition[] {
  if (update.kind === "Route" || update.kind === "Policy") {
    const entries = update.kind === "Route" ? before.parents : before.ancestors;
    const ours = entries?.filter((parent) => parent.controllerName === controllerName) ?? [];
    return ours.flatMap(({ conditions = [] }) => conditions).filter(({ type }) => ourTypes.has(type));
  }
  const listeners = before.listeners?.flatMap(({ conditions = [] }) => conditions) ?? [];
  return [...(before.conditions ?? []), ...listeners].filter(({ type }) => ourTypes.has(type));
}

function seenGeneration(conditions: readonly { readonly observedGeneration?: number }[]): number {
  return conditions.reduce((newest, { observedGeneration = 0 }) => Math.max(newest, observedGeneration), 0);
}
