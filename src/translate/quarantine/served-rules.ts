/** The rules of a route as the proxies of one Gateway get them. */
import type { Reader } from "../../collection/collection.ts";
import { type Condition, conditionFalse, type Rejection } from "../../core/conditions.ts";
import type { NamespacedName } from "../../core/keys.ts";
import { routeProgrammed } from "../../core/quarantine.ts";
import type { BoundRoute, Layer4Backend, Layer4Rule, RouteRule } from "../route-nodes.ts";
import { ruleLabel } from "../rule-label.ts";
import type { RouteRefusals } from "./declare.ts";
import {
  clustersOfRule,
  describeRefusedCluster,
  type RefusedCluster,
  type RuleWithBackends,
  refusedBackend,
  withoutClusters,
} from "./refused-clusters.ts";
import { answering500, type RefusedRule } from "./refused-rules.ts";

/** What of a route the proxies of one Gateway have refused. */
export interface GatewayRefusals {
  readonly rules?: ReadonlyMap<number, RefusedRule>;
  readonly clusters?: ReadonlyMap<string, RefusedCluster>;
}

/** Reads what concerns a route on a Gateway; undefined when nothing is refused, as nearly always. */
export function readRefusals(
  read: Reader,
  { rules, clusters }: RouteRefusals,
  { route, gateway }: { readonly route: BoundRoute; readonly gateway: NamespacedName },
): GatewayRefusals | undefined {
  const ofRoute = read.get(rules, route.key)?.get(gateway);
  const ofGateway = read.get(clusters, gateway);
  if (ofRoute === undefined && ofGateway === undefined) return undefined;
  return { ...(ofRoute && { rules: ofRoute }), ...(ofGateway && { clusters: ofGateway }) };
}

/** The rules that are printed: all of them where nothing is refused. */
export function servedRules(route: BoundRoute, refusals: GatewayRefusals | undefined): readonly RouteRule[] {
  if (refusals === undefined) return route.rules;
  return route.rules.flatMap((rule) => {
    const refused = refusals.rules?.get(rule.index);
    if (refused?.form === "dropped") return [];
    return [
      refused === undefined ? withoutClusters(rule, route, refusals.clusters) : answering500(rule, refused.words),
    ];
  });
}

/** The same of a route that forwards what comes as it is: connections to refused clusters are closed. */
export function servedLayer4(route: BoundRoute, rule: Layer4Rule, refusals: GatewayRefusals | undefined): Layer4Rule {
  const { clusters } = refusals ?? {};
  if (clusters === undefined || clusters.size === 0) return rule;
  const byName = new Map([...clusters.values()].map((each) => [each.cluster, each]));
  const backends = rule.backends.map((backend): Layer4Backend => {
    const found = backend.kind === "cluster" ? byName.get(backend.cluster) : undefined;
    if (found === undefined) return backend;
    return { kind: "invalid", weight: backend.weight, rejection: refusedBackend(found, route) };
  });
  return { ...rule, backends };
}

/** The rules of a route of any kind, as far as refusals ask. */
function rulesOf({ rules, layer4 }: BoundRoute): readonly (RuleWithBackends & Pick<RouteRule, "index" | "name">)[] {
  return layer4 === undefined ? rules : [{ index: 0, ...layer4 }];
}

/** Why rules are dropped, for PartiallyInvalid, in the words that the specification wants it to begin with. */
export function droppedRules(route: BoundRoute, refusals: readonly GatewayRefusals[]): readonly Rejection[] {
  const becomes = route.layer4 === undefined ? "requests answer 500" : "connections are closed";
  return rulesOf(route).flatMap((rule) => {
    const label = ruleLabel(rule, rule.index);
    const found = refusals.flatMap(({ rules }) => rules?.get(rule.index) ?? []);
    const clusters = refusals.flatMap((each) => clustersOfRule(rule, each.clusters));
    const forms = [...new Set(found.map(({ form }) => form))];
    return [
      ...forms.map(
        (form) => `Dropped Rule ${label}${form === "dropped" ? "" : ", which answers 500"}: proxies refuse it`,
      ),
      ...clusters.map(
        (cluster) => `Dropped Rule ${label} for a backend, whose ${becomes}: ${describeRefusedCluster(cluster, route)}`,
      ),
    ].map((message): Rejection => ({ condition: "PartiallyInvalid", reason: "UnsupportedValue", message }));
  });
}

/** Tells the owner of a route what proxies said of it; undefined when they said nothing. */
export function refusedCondition(route: BoundRoute, refusals: readonly GatewayRefusals[]): Condition | undefined {
  const sentences = rulesOf(route).flatMap((rule) => {
    const label = ruleLabel(rule, rule.index);
    const found = refusals.flatMap(({ rules }) => rules?.get(rule.index) ?? []);
    const clusters = refusals.flatMap((each) => clustersOfRule(rule, each.clusters));
    return [
      ...found.map(({ words }) => `Rule ${label}: ${words}`),
      ...clusters.map((cluster) => `Rule ${label}: ${describeRefusedCluster(cluster, route)}`),
    ];
  });
  if (sentences.length === 0) return undefined;
  const told = [...new Set(sentences)];
  const more = told.length > mostListed ? [`and ${told.length - mostListed} more`] : [];
  const message = [...told.slice(0, mostListed), ...more].join("; ");
  return conditionFalse(routeProgrammed, route.generation, { reason: "RefusedByProxy", message });
}

const mostListed = 8;
