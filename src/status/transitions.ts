import { type ObjectKey, parseNamespacedName, parseObjectKey } from "../core/keys.ts";
import type { ObjectStatus, StoredCondition, StoredParentReference } from "../core/object-status.ts";
import { hostnamesGranted } from "../core/ownership.ts";
import { routeProgrammed } from "../core/quarantine.ts";
import { parentIdentity } from "./merge.ts";

/** A status that the API server took. */
export interface StatusChange {
  readonly object: ObjectKey;
  readonly uid: string;
  readonly before: ObjectStatus;
  readonly after: ObjectStatus;
}

/** One condition that a write turned, in the words that people are told. */
export interface Transition {
  /** `begun` was open before, such as a new Gateway that is programmed now: a recovery only when it was refused earlier. */
  readonly kind: "refused" | "recovered" | "begun";
  /** Which condition of which part of the object. */
  readonly id: string;
  readonly reason: string;
  readonly note: string;
}

/** Tells what a write of a status turned: what it refuses now, and what holds again. What waits turns nothing. */
export function statusTransitions(
  { object, before, after }: StatusChange,
  controllerName: string,
): readonly Transition[] {
  const { namespace } = parseNamespacedName(parseObjectKey(object).name);
  const owner = { controllerName, namespace };
  const partsBefore = partsOf(before, owner);
  return [...partsOf(after, owner)].flatMap(([part, { title, conditions }]) =>
    partTransitions({ part, title, before: partsBefore.get(part)?.conditions ?? [], after: conditions }),
  );
}

/** Condition types of ours, by the status that tells of something wrong. */
const wrongStatus: ReadonlyMap<string, "True" | "False"> = new Map([
  ["Accepted", "False"],
  ["ResolvedRefs", "False"],
  ["Programmed", "False"],
  ["SupportedVersion", "False"],
  ["Conflicted", "True"],
  ["PartiallyInvalid", "True"],
  ["OverlappingTLSConfig", "True"],
  [hostnamesGranted, "False"],
  [routeProgrammed, "False"],
  ["gatehouse.dev/RulesReachable", "False"],
  ["gatehouse.dev/ChangesDelayed", "True"],
]);

interface Part {
  /** Starts the note; empty for the object itself. */
  readonly title: string;
  readonly conditions: readonly StoredCondition[];
}

/** Everything of a status that has conditions of ours. */
function partsOf(
  status: ObjectStatus,
  { controllerName, namespace }: { readonly controllerName: string; readonly namespace: string | undefined },
): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>([["", { title: "", conditions: status.conditions ?? [] }]]);
  for (const { name, conditions = [] } of status.listeners ?? []) {
    parts.set(`listener ${name}`, { title: `Listener ${name}: `, conditions });
  }
  for (const parent of status.parents ?? []) {
    if (parent.controllerName !== controllerName) continue;
    const { parentRef, conditions = [] } = parent;
    parts.set(`parent ${parentIdentity(parentRef, namespace)}`, { title: `${describe(parentRef)}: `, conditions });
  }
  for (const { ancestorRef, controllerName: writer, conditions = [] } of status.ancestors ?? []) {
    if (writer !== controllerName) continue;
    parts.set(`ancestor ${parentIdentity(ancestorRef, namespace)}`, {
      title: `${describe(ancestorRef)}: `,
      conditions,
    });
  }
  return parts;
}

function describe({ kind = "Gateway", namespace, name, sectionName, port }: StoredParentReference): string {
  const full = namespace === undefined ? name : `${namespace}/${name}`;
  return [`${kind} ${full}`, sectionName && `listener ${sectionName}`, port && `port ${port}`]
    .filter(Boolean)
    .join(" ");
}

function partTransitions({
  part,
  title,
  before,
  after,
}: {
  readonly part: string;
  readonly title: string;
  readonly before: readonly StoredCondition[];
  readonly after: readonly StoredCondition[];
}): readonly Transition[] {
  return [...wrongStatus.keys()].flatMap((type): readonly Transition[] => {
    const [was, is] = [before, after].map((conditions) => conditions.find((condition) => condition.type === type));
    const id = `${part}|${type}`;
    if (is !== undefined && isWrong(is)) {
      if (was !== undefined && isWrong(was) && saysTheSame(was, is)) return [];
      // A Gateway that was just made waits for its load balancer: that is news only of one that had an address.
      if (is.reason === "AddressNotAssigned" && was?.status !== "True") return [];
      return [{ kind: "refused", id, reason: is.reason, note: `${title}${is.message || `${type} is ${is.status}`}` }];
    }
    if (was === undefined || !(isWrong(was) || isOpen(was)) || (is !== undefined && isOpen(is))) return [];
    const note = is === undefined ? `${type} is told no more` : `${type} is ${is.status}`;
    return [
      { kind: isWrong(was) ? "recovered" : "begun", id, reason: is?.reason ?? "Recovered", note: `${title}${note}` },
    ];
  });
}

/** A message alone may flicker: it counts with a new generation, which is another thing that is refused. */
function saysTheSame(was: StoredCondition, is: StoredCondition): boolean {
  return was.reason === is.reason && (was.message === is.message || was.observedGeneration === is.observedGeneration);
}

function isWrong(condition: StoredCondition): boolean {
  return wrongStatus.get(condition.type) === condition.status && !isOpen(condition);
}

/** Neither well nor wrong: nobody has decided, or proxies are on their way. */
function isOpen({ status, reason }: StoredCondition): boolean {
  return status === "Unknown" || (status !== "True" && reason === "Pending");
}
