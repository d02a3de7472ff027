import { assertNever } from "../../core/assert-never.ts";
import type { Condition, ListenerStatus, StatusUpdate } from "../../core/conditions.ts";
import type { ParentReference } from "../../core/gateway-api.ts";
import { hostnamesGranted } from "../../core/ownership.ts";
import type { Verdict } from "../../core/world-diff.ts";

/** The conditions of a status as a flat list, save those that depend on running proxies. */
export function verdictsOf(status: StatusUpdate | undefined): readonly Verdict[] {
  if (status === undefined) return [];
  switch (status.kind) {
    case "Route":
      return status.parents.flatMap(({ parentRef, conditions }) =>
        judge(conditions, { parent: parentName(parentRef) }),
      );
    case "Policy":
      return status.ancestors.flatMap(({ ancestorRef, conditions }) =>
        judge(conditions, { parent: parentName(ancestorRef) }),
      );
    case "Gateway":
    case "ListenerSet":
      return [...judge(status.conditions, {}), ...status.listeners.flatMap(listenerVerdicts)];
    case "GatewayClass":
    case "GatewayParameters":
      return judge(status.conditions, {});
    default:
      return assertNever(status);
  }
}

/** Names a condition among those of its object. */
export function verdictId({ parent = "", listener = "", type }: Verdict): string {
  return JSON.stringify([parent, listener, type]);
}

/** Whether a condition says that the object, or some hostname of it, is turned down. */
export function isRefusal({ type, good }: Verdict): boolean {
  return !good && refusing.has(type);
}

const refusing: ReadonlySet<string> = new Set(["Accepted", hostnamesGranted, "Conflicted"]);
const dependsOnProxies: ReadonlySet<string> = new Set(["Programmed", "Ready"]);

/** Conditions that are there, or True, only where something is wrong. */
const negative: ReadonlySet<string> = new Set(["Conflicted", "PartiallyInvalid", "OverlappingTLSConfig"]);

function isGood(type: string, status: Condition["status"]): boolean {
  return status !== (negative.has(type) ? "True" : "False");
}

function judge(
  conditions: readonly Condition[],
  place: { readonly parent?: string; readonly listener?: string },
): readonly Verdict[] {
  return conditions
    .filter(({ type }) => !dependsOnProxies.has(type))
    .map(({ type, status, reason, message }) => ({
      ...place,
      type,
      status,
      reason,
      message,
      good: isGood(type, status),
    }));
}

function listenerVerdicts({ name, conditions }: ListenerStatus): readonly Verdict[] {
  return judge(conditions, { listener: name });
}

function parentName({ kind, namespace, name, sectionName, port }: ParentReference): string {
  const object = namespace === undefined ? name : `${namespace}/${name}`;
  const section = sectionName === undefined ? "" : `, listener ${sectionName}`;
  return `${kind} ${object}${section}${port === undefined ? "" : `, port ${port}`}`;
}
