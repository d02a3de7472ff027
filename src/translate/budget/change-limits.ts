/** How many changes a minute a namespace may make before they are delayed. */
import type { Collection, Transform } from "../../collection/collection.ts";
import type { Graph } from "../../collection/graph.ts";
import type { NamespaceBudget } from "../../core/ownership.ts";
import type { NamespaceLabels } from "../allowed-routes.ts";
import type { GatewayClassNode } from "../gateway-class.ts";
import { type BudgetsByNamespace, changesPerMinute, namedNamespace } from "./limits.ts";

/** Changes a minute; a namespace that is in none of them is not limited. */
export interface ChangeLimits {
  /** Of namespaces that a NamespaceBudget names. By namespace. */
  readonly named: Collection<number>;
  /** Of namespaces whose labels a NamespaceBudget selects. By namespace. */
  readonly selected: Collection<number>;
  /** For namespaces of which no NamespaceBudget says anything: what the strictest class says. Its only key is `*`. */
  readonly others: Collection<number>;
}

/** The key of `others`. */
const anyNamespace = "*";

/** Declares the limits. They hold also where a namespace has no object yet. */
export function declareChangeLimits(
  graph: Graph,
  inputs: BudgetsByNamespace,
  classes: Collection<GatewayClassNode>,
): ChangeLimits {
  const ofNamed: Transform<ReadonlyMap<string, NamespaceBudget>, number> = (read, key) => {
    const namespace = namedNamespace(key);
    return namespace === undefined ? [] : entry(namespace, changesPerMinute(read, inputs, namespace));
  };
  const ofSelected: Transform<NamespaceLabels, number> = (read, namespace) =>
    entry(namespace, changesPerMinute(read, inputs, namespace));
  const byAnything = graph.groupBy("classesWithChangeLimits", [classes], ({ parameters }) =>
    parameters?.budget?.changesPerMinute === undefined ? [] : [anyNamespace],
  );
  return {
    named: graph.derive("namedChangeLimits", inputs.budgets, ofNamed),
    selected: graph.derive("selectedChangeLimits", inputs.namespaceLabels, ofSelected),
    others: graph.derive("otherChangeLimits", byAnything, (_read, key, members) => {
      const limits = [...members.values()].map(({ parameters }) => parameters?.budget?.changesPerMinute);
      return entry(key, Math.min(...limits.filter((limit) => limit !== undefined)));
    }),
  };
}

/** The limit of a namespace as things stand; undefined: none. */
export function changeLimit({ named, selected, others }: ChangeLimits, namespace: string): number | undefined {
  return named.get(namespace) ?? selected.get(namespace) ?? others.get(anyNamespace);
}

function entry(key: string, limit: number | undefined): readonly (readonly [string, number])[] {
  return limit === undefined ? [] : [[key, limit]];
}
