import type { Collection, Source } from "../../src/collection/collection.ts";
import { Graph } from "../../src/collection/graph.ts";
import type {
  BackendTlsPolicy,
  Gateway,
  GatewayClass,
  ListenerSet,
  ReferenceGrant,
} from "../../src/core/gateway-api.ts";
import type { GatewayParameters } from "../../src/core/gateway-parameters.ts";
import { nameOf, type ObjectByKind } from "../../src/core/keys.ts";
import type { ConfigMap, Namespace, ObjectMeta, Secret } from "../../src/core/kubernetes.ts";
import type { Holding, NamespaceBudget } from "../../src/core/ownership.ts";
import { declareBudgets } from "../../src/translate/budget/budgets.ts";
import { caBundleState, readCaBundle } from "../../src/translate/ca-bundle.ts";
import { certificateState, readCertificate } from "../../src/translate/certificate.ts";
import { buildEnvoyListeners, buildRouteTables } from "../../src/translate/envoy-listener.ts";
import { buildGateway } from "../../src/translate/gateway.ts";
import { buildGatewayClass } from "../../src/translate/gateway-class.ts";
import { listenerSetKeys } from "../../src/translate/listener-set.ts";
import type { EnvoyListener, GatewayNode, RouteParent, RouteTable } from "../../src/translate/nodes.ts";
import { declareOwnership } from "../../src/translate/ownership/declare.ts";
import type { Placement } from "../../src/translate/placement.ts";
import { grantKeys } from "../../src/translate/reference-grant.ts";
import { routeParents } from "../../src/translate/route-parents.ts";
import { holdFirst } from "./held.ts";

/** The gateway side of the translation, on a graph of its own. */
export interface GatewayWorld {
  readonly graph: Graph;
  readonly gatewayClasses: Source<GatewayClass>;
  readonly gateways: Source<Gateway>;
  readonly listenerSets: Source<ListenerSet>;
  readonly namespaces: Source<Namespace>;
  readonly secrets: Source<Secret>;
  readonly grants: Source<ReferenceGrant>;
  readonly parameters: Source<GatewayParameters>;
  readonly nodes: Collection<GatewayNode>;
  readonly parents: Collection<RouteParent>;
  readonly envoyListeners: Collection<EnvoyListener>;
  readonly tables: Collection<RouteTable>;
  /** Sets objects and brings everything up to date. */
  apply(...objects: readonly WorldObject[]): void;
}

export type WorldObject =
  | GatewayClass
  | Gateway
  | ListenerSet
  | Namespace
  | Secret
  | ConfigMap
  | ReferenceGrant
  | GatewayParameters;

/** What most tests are about: proxies beside the control plane. */
export const standalone: Placement = { kind: "standalone", bindAddresses: ["127.0.0.1"] };

/** Makes a world for the controller `example.com/gatehouse`. */
export function createGatewayWorld(placement: Placement = standalone): GatewayWorld {
  const graph = new Graph();
  const gatewayClasses = graph.source<GatewayClass>("GatewayClass");
  const gateways = graph.source<Gateway>("Gateway");
  const listenerSets = graph.source<ListenerSet>("ListenerSet");
  const namespaces = graph.source<Namespace>("Namespace");
  const secrets = graph.source<Secret>("Secret");
  const grants = graph.source<ReferenceGrant>("ReferenceGrant");
  const parameters = graph.source<GatewayParameters>("GatewayParameters");
  const classes = graph.derive(
    "classes",
    gatewayClasses,
    buildGatewayClass({ controllerName: "example.com/gatehouse" }, parameters),
  );
  const configMaps = graph.source<ConfigMap>("ConfigMap");
  const certificates = graph.derive("certificates", secrets, readCertificate);
  const routes = {
    HTTPRoute: graph.source<ObjectByKind["HTTPRoute"]>("HTTPRoute"),
    GRPCRoute: graph.source<ObjectByKind["GRPCRoute"]>("GRPCRoute"),
    TLSRoute: graph.source<ObjectByKind["TLSRoute"]>("TLSRoute"),
    TCPRoute: graph.source<ObjectByKind["TCPRoute"]>("TCPRoute"),
    UDPRoute: graph.source<ObjectByKind["UDPRoute"]>("UDPRoute"),
  };
  const holdings = graph.source<Holding>("holdings");
  const ownership = declareOwnership(graph, {
    holdings,
    claimProblems: graph.source("claimProblems"),
    objects: {
      Namespace: namespaces,
      ListenerSet: listenerSets,
      ...routes,
      HostnameClaim: graph.source("HostnameClaim"),
    },
  });
  const { namespaceLabels } = ownership;
  const budgetSources = {
    Gateway: gateways,
    ListenerSet: listenerSets,
    ...routes,
    GatewayParameters: parameters,
    BackendTLSPolicy: graph.source<BackendTlsPolicy>("BackendTLSPolicy"),
    NamespaceBudget: graph.source<NamespaceBudget>("NamespaceBudget"),
  };
  const inputs = {
    classes,
    budgets: declareBudgets(graph, budgetSources, { classes, namespaceLabels }),
    certificates: graph.derive("certificateStates", certificates, certificateState),
    refusedCertificates: graph.source<string>("refusedCertificates"),
    refusedAuthorities: graph.source<string>("refusedAuthorities"),
    caBundleStates: graph.derive("caBundleStates", graph.derive("caBundles", configMaps, readCaBundle), caBundleState),
    listenerSets: graph.groupBy("listenerSetsByGateway", [listenerSets], listenerSetKeys),
    namespaceLabels,
    grants: graph.groupBy("grants", [grants], grantKeys),
    parameters,
    ownership,
  };
  const nodes = graph.derive("gateways", gateways, buildGateway(inputs, placement));
  const parents = graph.derive("routeParents", nodes, routeParents);
  const envoyListeners = graph.derive("envoyListeners", nodes, buildEnvoyListeners(placement));
  const tables = graph.derive("routeTables", nodes, buildRouteTables);
  const sources = {
    GatewayClass: gatewayClasses,
    Gateway: gateways,
    ListenerSet: listenerSets,
    Namespace: namespaces,
    Secret: secrets,
    ConfigMap: configMaps,
    ReferenceGrant: grants,
    GatewayParameters: parameters,
  };
  const apply = (...objects: readonly WorldObject[]) => {
    for (const object of objects) set(sources, object);
    graph.flush();
    holdFirst(
      holdings,
      [...nodes.entries()].flatMap(([, { claims }]) => claims),
    );
    graph.flush();
  };
  return {
    graph,
    gatewayClasses,
    gateways,
    listenerSets,
    namespaces,
    secrets,
    grants,
    parameters,
    nodes,
    parents,
    envoyListeners,
    tables,
    apply,
  };
}

function set(
  sources: Readonly<Record<WorldObject["kind"], { set(key: string, value: { readonly metadata: ObjectMeta }): void }>>,
  object: WorldObject,
): void {
  sources[object.kind].set(nameOf(object.metadata), object);
}
