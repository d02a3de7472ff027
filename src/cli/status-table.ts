import { tellsOfTrouble } from "../core/condition-trouble.ts";
import { printable, textTable } from "./text-table.ts";

/** One object's status as the debug endpoint tells it. */
export interface StatusEntry {
  readonly object: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly status: {
    readonly conditions?: readonly ShownCondition[];
    readonly addresses?: readonly { readonly type?: string; readonly value?: string }[];
    readonly listeners?: readonly ShownListener[];
    readonly parents?: readonly ShownParent[];
    /** Of policies: what they hold for. */
    readonly ancestors?: readonly ShownAncestor[];
  };
}

interface ShownCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string;
}

interface ShownListener {
  readonly name: string;
  readonly attachedRoutes: number;
  readonly supportedKinds?: readonly { readonly kind: string }[];
  readonly conditions?: readonly ShownCondition[];
}

interface ShownParent {
  readonly parentRef: {
    readonly kind?: string;
    readonly namespace?: string;
    readonly name: string;
    readonly sectionName?: string;
    readonly port?: number;
  };
  readonly conditions?: readonly ShownCondition[];
}

interface ShownAncestor {
  readonly ancestorRef: ShownParent["parentRef"];
  readonly conditions?: readonly ShownCondition[];
}

/** Prints one line for every object, and for every listener and every parent of it. */
export function statusTable(entries: readonly StatusEntry[]): string {
  const titles = ["OBJECT", "PARENT", "ACCEPTED", "RESOLVEDREFS", "PROGRAMMED", "REASON", "MESSAGE"];
  return textTable(titles, entries.flatMap(rowsOf));
}

/** Prints everything that is known about one object. */
export function statusDetails({ object, namespace, status }: StatusEntry): string {
  const addresses = (status.addresses ?? []).map(({ type, value }) => [type, value].filter(Boolean).join(" "));
  const sections = [
    `${printable(object)}\n${addresses.length > 0 ? `Addresses: ${printable(addresses.join(", "))}\n` : ""}`,
    ...(status.conditions === undefined ? [] : [conditionTable(status.conditions)]),
    ...(status.listeners ?? []).map(
      (listener) => `${printable(listenerTitle(listener))}\n${conditionTable(listener.conditions)}`,
    ),
    ...(status.parents ?? []).map(
      (parent) => `Parent ${printable(parentName(parent, namespace))}\n${conditionTable(parent.conditions)}`,
    ),
    ...ancestorsOf(status).map(
      (ancestor) => `Ancestor ${printable(parentName(ancestor, namespace))}\n${conditionTable(ancestor.conditions)}`,
    ),
  ];
  return sections.join("\n");
}

function rowsOf(entry: StatusEntry): readonly (readonly string[])[] {
  const { object, namespace, name, status } = entry;
  const isOfOthers = status.parents !== undefined || status.ancestors !== undefined;
  const own = isOfOthers ? [] : [row(object, "-", status.conditions)];
  const parents = [...(status.parents ?? []), ...ancestorsOf(status)].map((parent) =>
    row(object, parentName(parent, namespace), parent.conditions),
  );
  const listeners = (status.listeners ?? []).map((listener) =>
    row(`${object}/${listener.name}`, namespace === undefined ? name : `${namespace}/${name}`, listener.conditions),
  );
  return [...own, ...parents, ...listeners];
}

/** What a policy holds for, as the parents of routes are told. */
function ancestorsOf({ ancestors = [] }: StatusEntry["status"]): readonly ShownParent[] {
  return ancestors.map(({ ancestorRef, conditions = [] }) => ({ parentRef: ancestorRef, conditions }));
}

function row(object: string, parent: string, conditions: readonly ShownCondition[] = []): readonly string[] {
  const statusOf = (type: string) => conditions.find((condition) => condition.type === type)?.status ?? "-";
  const told = worthTelling(conditions);
  return [
    object,
    parent,
    statusOf("Accepted"),
    statusOf("ResolvedRefs"),
    statusOf("Programmed"),
    [...new Set(told.map(({ reason }) => reason))].join(","),
    [...new Set(told.map(({ message }) => message))].join("; "),
  ];
}

/** What stands in the way, else what is not known yet, else that all is well. */
function worthTelling(conditions: readonly ShownCondition[]): readonly ShownCondition[] {
  const troubles = conditions.filter(tellsOfTrouble);
  if (troubles.length > 0) return troubles;
  const open = conditions.filter(({ status }) => status === "Unknown");
  return open.length > 0 ? open : conditions.filter(({ type }) => type === "Accepted");
}

function parentName({ parentRef }: ShownParent, routeNamespace: string | undefined): string {
  const { kind = "Gateway", namespace = routeNamespace, name, sectionName, port } = parentRef;
  const path = [...(kind === "Gateway" ? [] : [kind]), namespace, name, sectionName].filter(
    (part) => part !== undefined,
  );
  return `${path.join("/")}${port === undefined ? "" : `:${port}`}`;
}

function listenerTitle({ name, attachedRoutes, supportedKinds = [] }: ShownListener): string {
  const routes = attachedRoutes === 1 ? "1 attached route" : `${attachedRoutes} attached routes`;
  const kinds = supportedKinds.length === 0 ? "no kind" : supportedKinds.map(({ kind }) => kind).join(", ");
  return `Listener ${name}: ${routes}, takes ${kinds}`;
}

function conditionTable(conditions: readonly ShownCondition[] = []): string {
  const titles = ["  CONDITION", "STATUS", "REASON", "GENERATION", "SINCE", "MESSAGE"];
  const rows = conditions.map(({ type, status, reason, observedGeneration, lastTransitionTime, message }) => [
    `  ${type}`,
    status,
    reason,
    String(observedGeneration ?? "-"),
    lastTransitionTime ?? "-",
    message,
  ]);
  return textTable(titles, rows);
}
