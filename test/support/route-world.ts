import type { Collection } from "../../src/collection/collection.ts";
import { Graph } from "../../src/collection/graph.ts";
import { type Kind, kindNames, type ObjectByKind } from "../../src/core/keys.ts";
import type { Holding } from "../../src/core/ownership.ts";
import { type BackendInputs, serviceView } from "../../src/translate/backend.ts";
import { declareBackendTls } from "../../src/translate/backend-tls/declare.ts";
import { declareBudgets } from "../../src/translate/budget/budgets.ts";
import type { CaBundleState } from "../../src/translate/ca-bundle.ts";
import { caBundleState, readCaBundle } from "../../src/translate/ca-bundle.ts";
import { certificateState, readCertificate } from "../../src/translate/certificate.ts";
import { buildGateway } from "../../src/translate/gateway.ts";
import { buildGatewayClass } from "../../src/translate/gateway-class.ts";
import { bindGrpcRoute } from "../../src/translate/grpc-route.ts";
import { bindHttpRoute } from "../../src/translate/http-route.ts";
import { declareKindConflicts } from "../../src/translate/kind-conflict.ts";
import { listenerSetKeys } from "../../src/translate/listener-set.ts";
import type { TableRoutes } from "../../src/translate/nodes.ts";
import { declareOwnership, type Ownership } from "../../src/translate/ownership/declare.ts";
import type { RefusedCluster } from "../../src/translate/quarantine/refused-clusters.ts";
import type { RefusedRules } from "../../src/translate/quarantine/refused-rules.ts";
import { grantKeys } from "../../src/translate/reference-grant.ts";
import type { BoundRoute } from "../../src/translate/route-nodes.ts";
import { routeParents } from "../../src/translate/route-parents.ts";
import { buildTableRoutes } from "../../src/translate/table-routes.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { standalone } from "./gateway-world.ts";
import { holdFirst } from "./held.ts";

/** The route side of the translation, on a graph of its own. */
export interface RouteWorld {
  readonly graph: Graph;
  readonly backends: BackendInputs;
  readonly routes: Collection<BoundRoute>;
  readonly tableRoutes: Collection<TableRoutes>;
  /** Sets objects, completed as an API server would, and brings everything up to date. */
  apply(manifests: string): void;
  /** Deletes a route and brings everything up to date. */
  remove(kind: "HTTPRoute" | "GRPCRoute", name: string): void;
  /** The route of this namespace and name, which has to be there. */
  route(name: string, kind?: "HTTPRoute" | "GRPCRoute"): BoundRoute;
}

/** Makes a world with the class `gatehouse` and the namespaces `infra` and `shop`, of which `shop` has a label. */
export function createRouteWorld(): RouteWorld {
  const graph = new Graph();
  const sources = Object.fromEntries(kindNames.map((kind) => [kind, graph.source(kind)])) as {
    readonly [K in Kind]: ReturnType<typeof graph.source<ObjectByKind[K]>>;
  }; // one source for each kind
  const grants = graph.groupBy("grants", [sources.ReferenceGrant], grantKeys);
  const holdings = graph.source<Holding>("holdings");
  const ownership = declareOwnership(graph, {
    holdings,
    claimProblems: graph.source("claimProblems"),
    objects: sources,
  });
  const labels = ownership.namespaceLabels;
  const { nodes, budgets } = declareGateways(graph, sources, { grants, ownership });
  const parents = graph.derive("parents", nodes, routeParents);
  const services = graph.derive("services", sources.Service, serviceView);
  const caBundleStates = graph.source<CaBundleState>("caBundleStatesOfPolicies");
  const { portTls } = declareBackendTls(graph, sources.BackendTLSPolicy, {
    ...{ services, caBundleStates, nodes, budgets },
    refusedAuthorities: graph.source<string>("refusedAuthoritiesOfPolicies"),
  });
  const backends: BackendInputs = { services, grants, portTls };
  const inputs = { ...backends, parents, namespaceLabels: labels, budgets, ownership };
  const routes = declareKindConflicts(graph, {
    httpRoutes: graph.derive("httpRoutes", sources.HTTPRoute, bindHttpRoute(inputs)),
    grpcRoutes: graph.derive("grpcRoutes", sources.GRPCRoute, bindGrpcRoute(inputs)),
    policies: graph.derive("policies", nodes, (_read, key, { ownership: policy }) => [[key, policy]]),
  });
  const refusals = {
    rules: graph.source<RefusedRules>("rules"),
    clusters: graph.groupBy<RefusedCluster>("none", [], () => []),
  };
  const tableRoutes = graph.derive("tableRoutes", routes, buildTableRoutes(refusals));
  const apply = (text: string) => {
    const { objects, problems } = readManifests([{ path: "test.yaml", text }]);
    if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("; "));
    for (const { kind, name, object } of objects) {
      // A namespace that is used without being written counts as one without labels: here it was written before.
      if (kind === "Namespace" && !text.includes("kind: Namespace")) continue;
      const source: { set(key: string, value: unknown): void } = sources[kind];
      source.set(name, object);
    }
    graph.flush();
    holdFirst(
      holdings,
      [...routes.entries()].flatMap(([, { claims }]) => claims),
    );
    graph.flush();
  };
  const remove = (kind: "HTTPRoute" | "GRPCRoute", name: string) => {
    sources[kind].delete(name);
    graph.flush();
  };
  const route = (name: string, kind = "HTTPRoute") => {
    const found = routes.get(`${kind}/${name}`);
    if (found === undefined) throw new Error(`there is no route ${name}`);
    return found;
  };
  apply(foundation);
  return { graph, backends, routes, tableRoutes, apply, remove, route };
}

function declareGateways(
  graph: Graph,
  sources: { readonly [K in Kind]: Collection<ObjectByKind[K]> },
  { grants, ownership }: Pick<BackendInputs, "grants"> & { readonly ownership: Ownership },
) {
  const certificates = graph.derive("certificates", sources.Secret, readCertificate);
  const classes = graph.derive(
    "classes",
    sources.GatewayClass,
    buildGatewayClass({ controllerName: "gatehouse.dev/test" }, sources.GatewayParameters),
  );
  const { namespaceLabels } = ownership;
  const budgets = declareBudgets(graph, sources, { classes, namespaceLabels });
  const inputs = {
    classes,
    budgets,
    certificates: graph.derive("certificateStates", certificates, certificateState),
    refusedCertificates: graph.source<string>("refusedCertificates"),
    refusedAuthorities: graph.source<string>("refusedAuthorities"),
    caBundleStates: graph.derive(
      "caBundleStates",
      graph.derive("caBundles", sources.ConfigMap, readCaBundle),
      caBundleState,
    ),
    listenerSets: graph.groupBy("listenerSets", [sources.ListenerSet], listenerSetKeys),
    namespaceLabels,
    grants,
    parameters: sources.GatewayParameters,
    ownership,
  };
  return { nodes: graph.derive("gateways", sources.Gateway, buildGateway(inputs, standalone)), budgets };
}

const foundation = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatehouse }
spec: { controllerName: gatehouse.dev/test }
---
apiVersion: v1
kind: Namespace
metadata: { name: infra }
---
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { team: shop } }
`;

/** A Gateway of the class. */
export function gatewayManifest(name: string, listeners: string): string {
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: infra }
spec: { gatewayClassName: gatehouse, listeners: [${listeners}] }
`;
}

/** A listener of a Gateway on port 80, open to every namespace unless told otherwise. */
export function httpListener(name: string, more = "allowedRoutes: { namespaces: { from: All } }"): string {
  return `{ name: ${name}, port: 80, protocol: HTTP, ${more} }`;
}

/** A route of the namespace `shop`, to the Gateway `infra/edge` unless told otherwise. */
export function routeManifest(name: string, spec: string, parents = "{ name: edge, namespace: infra }"): string {
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: shop }
spec: { parentRefs: [${parents}], ${spec} }
`;
}

/** A Service with one port 80. */
export function serviceManifest(namespace: string, name: string, spec = "ports: [{ port: 80 }]"): string {
  return `
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: { ${spec} }
`;
}
