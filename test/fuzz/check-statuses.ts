/** What every status of a world has to say, whatever is in the world. */
import type { Condition, StatusUpdate } from "../../src/core/conditions.ts";
import type { Gateway, ListenerSet, ParentReference, Route } from "../../src/core/gateway-api.ts";
import { isRouteKind, type NamespacedName, namespacedName, type ObjectKey, objectKey } from "../../src/core/keys.ts";
import { secretWord } from "./material.ts";
import type { TakenObject } from "./take.ts";

/** What a translation came to. */
export interface Outcome {
  /** Each object once, as it was taken last. */
  readonly objects: readonly TakenObject[];
  readonly gateways: ReadonlySet<NamespacedName>;
  readonly statuses: ReadonlyMap<ObjectKey, StatusUpdate>;
}

/** What is wrong about the statuses: nothing. */
export function statusFaults(outcome: Outcome): readonly string[] {
  const faults = [...outcome.statuses].flatMap(([key, status]) => formFaults(key, status));
  return [...faults, ...outcome.objects.flatMap((taken) => objectFaults(taken, outcome))];
}

function objectFaults({ kind, name, object }: TakenObject, outcome: Outcome): readonly string[] {
  const key = objectKey(kind, name);
  const status = outcome.statuses.get(key);
  if (isRouteKind(kind)) return routeFaults(key, object as Route, outcome); // of its kind
  if (kind === "Gateway" && outcome.gateways.has(name)) return listenerFaults(key, object as Gateway, status);
  if (kind === "ListenerSet" && isOfOurs(object as ListenerSet, outcome)) {
    return listenerFaults(key, object as ListenerSet, status);
  }
  return [];
}

function isOfOurs({ metadata, spec: { parentRef } }: ListenerSet, { gateways }: Outcome): boolean {
  return (
    parentRef.group === gatewayApi &&
    parentRef.kind === "Gateway" &&
    gateways.has(namespacedName(parentRef.namespace ?? metadata.namespace, parentRef.name))
  );
}

const gatewayApi = "gateway.networking.k8s.io";

/** Each parentRef to something of ours has an entry, with both conditions at the route's generation. */
function routeFaults(key: ObjectKey, { metadata, spec }: Route, outcome: Outcome): readonly string[] {
  const status = outcome.statuses.get(key);
  const parents = status?.kind === "Route" ? status.parents : [];
  return (spec.parentRefs ?? []).flatMap((ref) => {
    const ours = isOurs(ref, metadata.namespace, outcome);
    const entry = parents.find(({ parentRef }) => same(parentRef, ref));
    if (ours === "no")
      return entry === undefined ? [] : [`${key} has an entry for ${JSON.stringify(ref)}, which is not ours`];
    if (entry === undefined) return [`${key} has no entry for ${JSON.stringify(ref)}`];
    return missingConditions(`${key} at ${JSON.stringify(ref)}`, entry.conditions, {
      generation: metadata.generation,
      types: ["Accepted", "ResolvedRefs"],
    });
  });
}

function isOurs(ref: ParentReference, home: string | undefined, { objects, gateways }: Outcome): "yes" | "no" {
  if (ref.group !== gatewayApi) return "no";
  const name = namespacedName(ref.namespace ?? home, ref.name);
  if (ref.kind === "Gateway") return gateways.has(name) ? "yes" : "no";
  if (ref.kind !== "ListenerSet") return "no";
  const set = objects.find((taken) => taken.kind === "ListenerSet" && taken.name === name)?.object;
  if (set === undefined) return "no";
  return isOfOurs(set as ListenerSet, { objects, gateways, statuses: new Map() }) ? "yes" : "no";
}

function same(a: ParentReference, b: ParentReference): boolean {
  const spelled = (ref: ParentReference) =>
    JSON.stringify([ref.group, ref.kind, ref.namespace, ref.name, ref.sectionName, ref.port]);
  return spelled(a) === spelled(b);
}

function listenerFaults(
  key: ObjectKey,
  { metadata, spec }: Gateway | ListenerSet,
  status: StatusUpdate | undefined,
): readonly string[] {
  if (status?.kind !== "Gateway" && status?.kind !== "ListenerSet") return [`${key} has no status`];
  const { generation } = metadata;
  const own = missingConditions(key, status.conditions, { generation, types: ["Accepted", "Programmed"] });
  const ofListeners = spec.listeners.flatMap(({ name }) => {
    const entry = status.listeners.find((listener) => listener.name === name);
    // A ListenerSet that is not taken as a whole says nothing of its listeners.
    if (entry === undefined)
      return status.kind === "ListenerSet" && isRefused(status.conditions) ? [] : [`${key} says nothing of ${name}`];
    const types = ["Accepted", "Conflicted", "Programmed", "ResolvedRefs"];
    return missingConditions(`${key} at ${name}`, entry.conditions, { generation, types });
  });
  return [...own, ...ofListeners];
}

function isRefused(conditions: readonly Condition[]): boolean {
  return conditions.some(({ type, status }) => type === "Accepted" && status === "False");
}

function missingConditions(
  where: string,
  conditions: readonly Condition[],
  { generation, types }: { readonly generation: number; readonly types: readonly string[] },
): readonly string[] {
  return types.flatMap((type) => {
    const found = conditions.find((condition) => condition.type === type);
    if (found === undefined) return [`${where} has no ${type}`];
    return found.observedGeneration === generation
      ? []
      : [`${where} has ${type} of generation ${found.observedGeneration}`];
  });
}

const reasonForm = /^[A-Za-z](?:[A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const typeForm =
  /^(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\/)?(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

/** An API server takes each condition, no list is longer than it may be, and nothing secret stands in them. */
function formFaults(key: ObjectKey, status: StatusUpdate): readonly string[] {
  const groups = conditionsOf(status);
  const many = groups
    .filter((conditions) => conditions.length > 8)
    .map(() => `${key} has more than 8 conditions in one list`);
  const twice = groups
    .filter((conditions) => new Set(conditions.map(({ type }) => type)).size !== conditions.length)
    .map(() => `${key} has a condition twice`);
  const wrong = groups.flat().flatMap(({ type, reason, message }) => {
    const isGood = typeForm.test(type) && reasonForm.test(reason) && reason.length <= 1024 && message.length <= 32_768;
    return isGood
      ? []
      : [`${key} has a condition that no API server takes: ${type} ${reason} (${message.length} characters)`];
  });
  const ancestors = status.kind === "Policy" ? status.ancestors : [];
  const policy = ancestors.flatMap(({ ancestorRef, conditions }) =>
    ["Accepted", "ResolvedRefs"]
      .filter((type) => !conditions.some((condition) => condition.type === type))
      .map((type) => `${key} has no ${type} for ${JSON.stringify(ancestorRef)}`),
  );
  const told = JSON.stringify(status).includes(secretWord) ? [`${key} tells a secret`] : [];
  const tooMany = ancestors.length > 16 ? [`${key} has ${ancestors.length} ancestors`] : [];
  return [...many, ...twice, ...wrong, ...policy, ...told, ...tooMany];
}

function conditionsOf(status: StatusUpdate): readonly (readonly Condition[])[] {
  switch (status.kind) {
    case "GatewayClass":
    case "GatewayParameters":
      return [status.conditions];
    case "Gateway":
    case "ListenerSet":
      return [status.conditions, ...status.listeners.map(({ conditions }) => conditions)];
    case "Route":
      return status.parents.map(({ conditions }) => conditions);
    case "Policy":
      return status.ancestors.map(({ conditions }) => conditions);
  }
}
