/** Which limits hold where: a budget of the platform for a namespace, or a Gateway's for every other namespace. */
import type { Collection, Grouped, Reader, Transform } from "../../collection/collection.ts";
import type { NamespacedName } from "../../core/keys.ts";
import type { BudgetLimits, NamespaceBudget } from "../../core/ownership.ts";
import type { NamespaceLabels } from "../allowed-routes.ts";
import { isChosen } from "../ownership/hostname-grants.ts";

/** What counts towards one set of limits: the objects of a namespace, all of them or those that want to be on a Gateway. */
export interface BudgetScope {
  readonly namespace: string;
  readonly gateway?: NamespacedName;
}

/** One limit and who set it, such as `NamespaceBudget team-limits`. */
export interface Limit {
  readonly most: number;
  readonly setBy: string;
}

/** The limits of a scope, in the order in which they are looked at; only those that are set. */
export type ScopeLimits = Readonly<Partial<Record<LimitName, Limit>>>;

export type LimitName = keyof BudgetLimits;

/** NamespaceBudgets by whom they are about: {@link namedKey} for each name, {@link selectedKey} for all with a selector. */
export interface BudgetsByNamespace {
  readonly budgets: Grouped<NamespaceBudget>;
  /** By namespace. */
  readonly namespaceLabels: Collection<NamespaceLabels>;
}

/** Index keys of a NamespaceBudget, so that one that names its namespaces is nothing to others. */
export function budgetKeys({ spec }: NamespaceBudget): readonly string[] {
  const { names = [], selector } = spec.namespaces;
  return [...names.map(namedKey), ...(selector === undefined ? [] : [selectedKey])];
}

/** Nothing of the Gateway's is named: those who read it are of other namespaces. */
const gatewaysBudget = "The Gateway's budget for other namespaces";

/** The key of a scope. Neither '|' nor '/' occurs in the name of a namespace. */
export function scopeKey({ namespace, gateway }: BudgetScope): string {
  return gateway === undefined ? namespace : `${gateway}|${namespace}`;
}

/** Gives a scope that has something in it its limits. One without limits gives none, and nothing depends on it. */
export function limitScope(
  inputs: BudgetsByNamespace & { readonly gatewayBudgets: Collection<BudgetLimits> },
): Transform<BudgetScope, ScopeLimits> {
  return (read, key, { namespace, gateway }) => {
    const limits =
      gateway === undefined
        ? strictest(namespaceBudgets(read, inputs, namespace))
        : strictest([{ limits: read.get(inputs.gatewayBudgets, gateway) ?? {}, setBy: gatewaysBudget }]);
    return Object.keys(limits).length === 0 ? [] : [[key, limits]];
  };
}

/** What the platform grants a namespace in changes a minute, if it says so. */
export function changesPerMinute(read: Reader, inputs: BudgetsByNamespace, namespace: string): number | undefined {
  return strictest(namespaceBudgets(read, inputs, namespace)).changesPerMinute?.most;
}

interface Budget {
  readonly limits: BudgetLimits;
  readonly setBy: string;
}

function namespaceBudgets(
  read: Reader,
  { budgets, namespaceLabels }: BudgetsByNamespace,
  namespace: string,
): readonly Budget[] {
  const named = read.get(budgets, namedKey(namespace))?.values() ?? [];
  const selecting = read.get(budgets, selectedKey)?.values() ?? [];
  return [...new Set([...named, ...selecting])]
    .filter(({ spec }) => isChosen(read, { namespaceLabels }, [spec.namespaces], namespace))
    .map(({ metadata, spec }) => ({ limits: spec.limits, setBy: `NamespaceBudget ${metadata.name}` }))
    .sort((a, b) => (a.setBy < b.setBy ? -1 : 1));
}

/** Of several budgets the strictest of each limit counts, of equal ones the first by name. */
function strictest(budgets: readonly Budget[]): ScopeLimits {
  const found: Partial<Record<LimitName, Limit>> = {};
  for (const { limits, setBy } of budgets) {
    for (const name of limitNames) {
      const most = limits[name];
      if (most !== undefined && most < (found[name]?.most ?? Number.POSITIVE_INFINITY)) found[name] = { most, setBy };
    }
  }
  return found;
}

const limitNames = Object.keys({
  gateways: true,
  routes: true,
  listeners: true,
  rules: true,
  hostnames: true,
  regexes: true,
  certificates: true,
  backendTlsPolicies: true,
  authorities: true,
  changesPerMinute: true,
} satisfies Record<LimitName, true>) as readonly LimitName[]; // the keys of this very table

/** The namespace that an index key of {@link budgetKeys} names; undefined for the one of selectors. */
export function namedNamespace(key: string): string | undefined {
  return key.startsWith(namedPrefix) ? key.slice(namedPrefix.length) : undefined;
}

function namedKey(namespace: string): string {
  return `${namedPrefix}${namespace}`;
}

const namedPrefix = "name ";

const selectedKey = "selector";
