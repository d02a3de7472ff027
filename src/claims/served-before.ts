import type { StoredCondition } from "../core/object-status.ts";
import { hostnamesGranted } from "../core/ownership.ts";
import type { StoredObject } from "../core/stored-object.ts";

/**
 * Whether the stored status of a route or ListenerSet says that all of it, as it is written now, was served before. What it
 * was before an edit proves nothing about a hostname that the edit has brought.
 */
export function wasServedBefore(stored: StoredObject | undefined, controllerName: string): boolean {
  if (stored === undefined) return false;
  const { parents, conditions } = stored.status;
  const lists =
    parents === undefined
      ? [conditions ?? []]
      : parents.filter((parent) => parent.controllerName === controllerName).map((parent) => parent.conditions ?? []);
  const holds = (list: readonly StoredCondition[], type: string, status: string) =>
    list.some(
      (condition) =>
        condition.type === type && condition.status === status && condition.observedGeneration === stored.generation,
    );
  return lists.some((list) => holds(list, "Accepted", "True")) && !lists.some((list) => refuses(list));
}

function refuses(list: readonly StoredCondition[]): boolean {
  return list.some(({ type, status }) => type === hostnamesGranted && status === "False");
}
