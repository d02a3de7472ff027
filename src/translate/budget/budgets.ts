/** Budgets: what the objects of a namespace may come to, altogether and on one Gateway of somebody else. */
import type { Collection, Grouped, Reader, Transform } from "../../collection/collection.ts";
import type { Graph } from "../../collection/graph.ts";
import type { Rejection } from "../../core/conditions.ts";
import type { BackendTlsPolicy, Gateway, ListenerSet } from "../../core/gateway-api.ts";
import type { GatewayParameters } from "../../core/gateway-parameters.ts";
import {
  type NamespacedName,
  nameOf,
  type ObjectByKind,
  type ObjectKey,
  objectKey,
  parseNamespacedName,
  type RouteKind,
} from "../../core/keys.ts";
import type { BudgetLimits, NamespaceBudget } from "../../core/ownership.ts";
import type { NamespaceLabels } from "../allowed-routes.ts";
import type { GatewayClassNode } from "../gateway-class.ts";
import { readGatewayParameters } from "../gateway-parameters.ts";
import { listenerSetKeys } from "../listener-set.ts";
import { judgeScope, verdictKey } from "./judge-scope.ts";
import { type BudgetScope, budgetKeys, limitScope, type ScopeLimits, scopeKey } from "./limits.ts";
import { type ObjectWeight, weighBackendTlsPolicy, weighGateway, weighListenerSet, weighRoute } from "./weight.ts";

/** What is asked whether an object is within its budgets. */
export interface BudgetInputs {
  /** By scope; only where something is limited. */
  readonly scopeLimits: Collection<ScopeLimits>;
  /** By scope and object; only of what is refused. */
  readonly budgetRefusals: Collection<Rejection>;
}

/** The sources from which budgets follow. */
export interface BudgetSources extends RouteCollections {
  readonly Gateway: Collection<Gateway>;
  readonly ListenerSet: Collection<ListenerSet>;
  readonly GatewayParameters: Collection<GatewayParameters>;
  readonly BackendTLSPolicy: Collection<BackendTlsPolicy>;
  readonly NamespaceBudget: Collection<NamespaceBudget>;
}

/** Routes as they are written, kind by kind. */
type RouteCollections = { readonly [K in RouteKind]: Collection<ObjectByKind[K]> };

/** The collections from which they follow. */
export interface BudgetFacts {
  readonly classes: Collection<GatewayClassNode>;
  readonly namespaceLabels: Collection<NamespaceLabels>;
}

/**
 * Declares the way from objects to what of them is beyond a budget:
 *
 *     objects → weights → weightsByScope → budgetScopes → scopeLimits → budgetRefusals
 *                              └───────────────────────────────────────────┘ read only where there are limits
 *
 * So an edit that changes no count ends in its weight, and where nothing is limited a change costs its scope's name.
 */
export function declareBudgets(
  graph: Graph,
  sources: BudgetSources,
  { classes, namespaceLabels }: BudgetFacts,
): BudgetInputs & { readonly budgets: Grouped<NamespaceBudget> } {
  const gateways = graph.derive("ownGateways", sources.Gateway, ownGateway(classes));
  const listenerSets = graph.derive("ownListenerSets", sources.ListenerSet, ownListenerSet(gateways));
  const weighOneRoute = weighRoute([gateways, listenerSets]);
  const weights: readonly Collection<ObjectWeight>[] = [
    graph.derive("gatewayWeights", sources.Gateway, weighGateway(gateways)),
    graph.derive("listenerSetWeights", sources.ListenerSet, weighListenerSet(listenerSets)),
    graph.derive("httpRouteWeights", sources.HTTPRoute, weighOneRoute),
    graph.derive("grpcRouteWeights", sources.GRPCRoute, weighOneRoute),
    graph.derive("tlsRouteWeights", sources.TLSRoute, weighOneRoute),
    graph.derive("tcpRouteWeights", sources.TCPRoute, weighOneRoute),
    graph.derive("udpRouteWeights", sources.UDPRoute, weighOneRoute),
    graph.derive("backendTlsWeights", sources.BackendTLSPolicy, weighBackendTlsPolicy),
  ];
  const byScope = graph.groupBy("weightsByScope", weights, (weight) => scopesOf(weight).map(scopeKey));
  const scopes = graph.derive("budgetScopes", byScope, nameScope);
  const gatewayBudgets = graph.derive(
    "gatewayBudgets",
    sources.Gateway,
    readBudget(classes, sources.GatewayParameters),
  );
  const budgets = graph.groupBy("budgetsByNamespace", [sources.NamespaceBudget], budgetKeys);
  const inputs = { budgets, namespaceLabels, gatewayBudgets };
  const scopeLimits = graph.derive("scopeLimits", scopes, limitScope(inputs));
  return { scopeLimits, budgetRefusals: graph.derive("budgetRefusals", scopeLimits, judgeScope(byScope)), budgets };
}

/** Something that may be beyond a budget; `gateway` is the one to which it wants to be attached. */
export interface BudgetQuestion extends BudgetScope {
  readonly object: ObjectKey;
}

/** Why an object is not to be attached, if a budget of its namespace or of the Gateway is used up. */
export function budgetRejection(
  read: Reader,
  { scopeLimits, budgetRefusals }: BudgetInputs,
  { object, namespace, gateway }: BudgetQuestion,
): Rejection | undefined {
  const scopes: readonly BudgetScope[] = [{ namespace }, ...(gateway === undefined ? [] : [{ namespace, gateway }])];
  for (const scope of scopes.map(scopeKey)) {
    // Most objects are in no scope with limits: one read, which all of its objects share, is all that they need.
    if (read.get(scopeLimits, scope) === undefined) continue;
    const rejection = read.get(budgetRefusals, verdictKey(scope, object));
    if (rejection !== undefined) return rejection;
  }
  return undefined;
}

/** What a Gateway's own namespace attaches to it is its own affair. */
function scopesOf({ namespace, gateways }: ObjectWeight): readonly BudgetScope[] {
  const foreign = gateways.filter((gateway) => parseNamespacedName(gateway).namespace !== namespace);
  return [{ namespace }, ...foreign.map((gateway) => ({ namespace, gateway }))];
}

/** The scopes in which there is anything: they stay as they are while objects come and go. */
const nameScope: Transform<ReadonlyMap<string, ObjectWeight>, BudgetScope> = (_read, key, members) => {
  for (const weight of members.values()) {
    const scope = scopesOf(weight).find((each) => scopeKey(each) === key);
    if (scope !== undefined) return [[key, scope]];
  }
  return [];
};

function ownGateway(classes: Collection<GatewayClassNode>): Transform<Gateway, NamespacedName> {
  return (read, _key, { metadata, spec }) => {
    if (read.get(classes, spec.gatewayClassName) === undefined) return [];
    return [[objectKey("Gateway", nameOf(metadata)), nameOf(metadata)]];
  };
}

function ownListenerSet(gateways: Collection<NamespacedName>): Transform<ListenerSet, NamespacedName> {
  return (read, _key, set) => {
    const [gateway] = listenerSetKeys(set);
    if (gateway === undefined || read.get(gateways, objectKey("Gateway", gateway)) === undefined) return [];
    return [[objectKey("ListenerSet", nameOf(set.metadata)), gateway]];
  };
}

/** What the Gateway's node will say too, before there is one: ListenerSets that are beyond it are not in the node. */
function readBudget(
  classes: Collection<GatewayClassNode>,
  parameters: Collection<GatewayParameters>,
): Transform<Gateway, BudgetLimits> {
  return (read, key, gateway) => {
    const gatewayClass = read.get(classes, gateway.spec.gatewayClassName);
    if (gatewayClass === undefined) return [];
    const { budget } = readGatewayParameters(read, parameters, gateway, gatewayClass).fleet.parameters;
    return Object.keys(budget).length === 0 ? [] : [[key, budget]];
  };
}
