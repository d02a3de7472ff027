import type { Collection, Grouped, Source } from "../collection/collection.ts";
import type { Graph } from "../collection/graph.ts";
import type { StatusUpdate } from "../core/conditions.ts";
import type { DataPlaneState, TableMode } from "../core/data-plane.ts";
import type { ClusterFacts, FleetSpec, FleetState } from "../core/fleet.ts";
import type { ListenerSet, Route } from "../core/gateway-api.ts";
import { gatewayResourceKey, type Kind, type ObjectByKind, type RouteKind } from "../core/keys.ts";
import type { ClaimWant, Holding } from "../core/ownership.ts";
import type { ResourceType, XdsResource } from "../core/xds-resource.ts";
import type { NamespaceLabels } from "./allowed-routes.ts";
import { serviceView } from "./backend.ts";
import { type BackendTlsView, backendTlsView, declareBackendTls } from "./backend-tls/declare.ts";
import { declareBudgets } from "./budget/budgets.ts";
import { type ChangeLimits, declareChangeLimits } from "./budget/change-limits.ts";
import type { DelayedChange } from "./budget/delayed-change.ts";
import { caBundleState, readCaBundle } from "./ca-bundle.ts";
import { certificateState, readCertificate } from "./certificate.ts";
import { declareStatuses } from "./declare-statuses.ts";
import { declareTables } from "./declare-tables.ts";
import { declareUpstreams } from "./declare-upstreams.ts";
import { printHttp3Listener } from "./envoy/http3-listener.ts";
import { printListener } from "./envoy/listener.ts";
import { buildEnvoyListeners, buildRouteTables } from "./envoy-listener.ts";
import { buildFleetSpec } from "./fleet.ts";
import { buildGateway } from "./gateway.ts";
import { buildGatewayClass } from "./gateway-class.ts";
import { bindGrpcRoute } from "./grpc-route.ts";
import { bindHttpRoute } from "./http-route.ts";
import { declareKindConflicts } from "./kind-conflict.ts";
import { bindTcpRoute, bindTlsRoute, bindUdpRoute } from "./layer4/bind.ts";
import { heldNames } from "./layer4/held-names.ts";
import { buildPortRoutes, portRouteKeys } from "./layer4/port-routes.ts";
import { findLayer4Winner, type Layer4Winner, layer4Places } from "./layer4-shadows.ts";
import { listenerSetKeys } from "./listener-set.ts";
import type { ClusterNode, EnvoyListener, GatewayNode, RouteParent, RouteTable, VirtualHost } from "./nodes.ts";
import { gatherClaims, listClaims } from "./ownership/claims.ts";
import { declareOwnership, type Ownership } from "./ownership/declare.ts";
import type { Hole } from "./ownership/holes.ts";
import { judgeObject, type OwnershipJudgement } from "./ownership/judge-object.ts";
import type { Placement } from "./placement.ts";
import { declareRefusedSecrets, declareRouteRefusals } from "./quarantine/declare.ts";
import type { RefusedCluster } from "./quarantine/refused-clusters.ts";
import type { RefusedRules } from "./quarantine/refused-rules.ts";
import { grantKeys } from "./reference-grant.ts";
import type { BoundRoute, PortRoutes } from "./route-nodes.ts";
import { routeParents } from "./route-parents.ts";
import { sameVersion } from "./same-version.ts";
import { buildTableRoutes } from "./table-routes.ts";

export interface PipelineOptions {
  readonly controllerName: string;
  readonly placement: Placement;
}

/** HostnameRecords come in as {@link Holding}s. */
export type TranslatedKind = Exclude<Kind, "HostnameRecord">;

/** What goes into the translation. Everything else follows. */
export interface PipelineSources {
  readonly objects: { readonly [K in TranslatedKind]: Source<ObjectByKind[K]> };
  /** What namespaces hold, by {@link RecordKey}: HostnameRecords and what their keeper adds. */
  readonly holdings: Source<Holding>;
  /** Why something that is wanted could not be recorded, by RecordKey. */
  readonly claimProblems: Source<string>;
  /** By Gateway, namespace/name. */
  readonly dataPlane: Source<DataPlaneState>;
  /** How tables are cut now, by gatewayResourceKey(gateway, table): what `outputs.tableModes` last said. */
  readonly tableModes: Source<TableMode>;
  /** How tables were cut before, as long as proxies may have connections that go by it. By the same key. */
  readonly formerModes: Source<TableMode>;
  /** How fleets are, by Gateway, namespace/name. */
  readonly fleets: Source<FleetState>;
  /** One entry, under {@link clusterKey}; none where there is no cluster. */
  readonly cluster: Source<ClusterFacts>;
  /** Routes of which a change waits, as their namespace has made too many; by ObjectKey. */
  readonly delayed: Source<DelayedChange>;
}

export interface PipelineOutputs {
  /** Keyed by gatewayResourceKey. A type may come from several collections, whose keys never meet. */
  readonly resources: Readonly<Record<ResourceType, readonly Collection<XdsResource>[]>>;
  /** One entry for each Gateway of ours, also for one without anything to serve. */
  readonly fleets: Collection<GatewayNode>;
  /** How the proxies of each Gateway of ours should be run. By Gateway, namespace/name. */
  readonly fleetSpecs: Collection<FleetSpec>;
  /** Of each class of ours, whether a Gateway uses it. */
  readonly classUse: Collection<boolean>;
  readonly tableModes: Collection<TableMode>;
  /** What is held, or would be if it were recorded, by RecordKey. */
  readonly claims: Collection<ClaimWant>;
  /** How many changes a minute namespaces may make. */
  readonly changeLimits: ChangeLimits;
  readonly routing: RoutingView;
  /** What would be refused of a route or ListenerSet if it were applied now. Changes nothing. */
  readonly judge: (object: Route | ListenerSet) => OwnershipJudgement;
  /** Keyed by ObjectKey. */
  readonly statuses: readonly Collection<StatusUpdate>[];
}

/** How requests are answered, before it is printed for Envoy: what explanations are made from. */
export interface RoutingView {
  /** By Gateway, namespace/name. */
  readonly gateways: Collection<GatewayNode>;
  /** By ObjectKey of a Gateway or ListenerSet. */
  readonly parents: Collection<RouteParent>;
  /** By gatewayResourceKey(gateway, listener). */
  readonly envoyListeners: Collection<EnvoyListener>;
  /** By gatewayResourceKey(gateway, table). */
  readonly tables: Collection<RouteTable>;
  /** What forwards the connections or datagrams of each Envoy listener, by gatewayResourceKey(gateway, listener). */
  readonly portRoutes: Grouped<PortRoutes>;
  /** Server names of a listener that belong to other namespaces than those of routes with a wider name, by the listener. */
  readonly heldNames: Grouped<Hole>;
  /** By {@link layer4Place}. */
  readonly layer4Winners: Collection<Layer4Winner>;
  /** By virtualHostKey. */
  readonly virtualHosts: Collection<VirtualHost>;
  /** The virtual hosts of each table, by gatewayResourceKey(gateway, table). */
  readonly hostsByTable: Grouped<VirtualHost>;
  /** By ObjectKey. */
  readonly routes: Collection<BoundRoute>;
  /** What proxies have refused of routes, by ObjectKey. */
  readonly refusedRules: Collection<RefusedRules>;
  /** The same of certificates: Envoy's words, by gatewayResourceKey(gateway, secret). */
  readonly refusedCertificates: Collection<string>;
  /** The same of authorities, by gatewayResourceKey(gateway, their SDS name). */
  readonly refusedAuthorities: Collection<string>;
  /** The same of clusters, by gatewayResourceKey(gateway, cluster). */
  readonly refusedClusters: Collection<RefusedCluster>;
  /** By gatewayResourceKey(gateway, cluster). */
  readonly clusters: Collection<ClusterNode>;
  readonly backendTls: BackendTlsView;
  readonly holdings: Collection<Holding>;
  readonly tableModes: Collection<TableMode>;
  /** As they are written, also those that name no parent of ours. By namespace/name. */
  readonly writtenRoutes: { readonly [K in RouteKind]: Collection<ObjectByKind[K]> };
  /** By namespace. */
  readonly namespaceLabels: Collection<NamespaceLabels>;
}

export interface Pipeline extends Omit<PipelineSources, "objects"> {
  readonly sources: PipelineSources["objects"];
  readonly outputs: PipelineOutputs;
}

/**
 * Declares every collection between Kubernetes objects and Envoy resources, from top to bottom:
 *
 *     GatewayClass, Gateway, ListenerSet, Secret … → gateways → routeParents → boundRoutes ← Service, ReferenceGrant …
 *                                                      ↓             ↓
 *                                     envoyListeners, routeTables    tableRoutes → virtualHosts → tables, scopes
 *                                                                        ↓
 *                                                  EndpointSlice →   clusters, endpoints
 *
 * Every kind of route becomes BoundRoutes, for which everything but what proxies do with the traffic is the same: requests are
 * looked up in tables (HTTPRoute, GRPCRoute), connections and datagrams by their port and server name (TLSRoute, TCPRoute,
 * UDPRoute: `layer4/`).
 */
export function createPipeline(graph: Graph, options: PipelineOptions): Pipeline {
  const sources = declareSources(graph);
  const ownership = declareOwnership(graph, sources);
  const gateways = declareGateways(graph, sources.objects, { options, ownership });
  const routes = declareRoutes(graph, sources.objects, { ...gateways, ownership });
  const tables = declareTables(graph, sources, { ...gateways, ...routes, ownership });
  const upstreams = declareUpstreams(graph, sources.objects, { ...routes, ...gateways, placement: options.placement });
  const byPort = graph.groupBy("portRoutesByListener", [routes.portRoutes], portRouteKeys);
  const listeners = graph.derive(
    "listeners",
    gateways.envoyListeners,
    (read, key, node: EnvoyListener) => {
      const mode = (table: string) => read.get(tables.modes, gatewayResourceKey(node.gateway, table)) ?? "plain";
      const portRoutes = [...(read.get(byPort, key)?.values() ?? [])];
      const holes = heldNames(read, tables.heldNames, node);
      const printed = [[key, printListener(node, mode, { portRoutes, holes })]] as const;
      if (node.http3 !== true) return printed;
      const http3 = printHttp3Listener(node, mode);
      return [...printed, [gatewayResourceKey(node.gateway, http3.name), http3]];
    },
    sameVersion,
  );
  const statuses = declareStatuses(graph, sources, {
    options,
    gateways,
    routes,
    upstreams,
    listeners,
    shadows: tables.shadows,
  });
  const resources = { ...upstreams.resources, ...tables.resources, listener: [listeners] };
  return {
    sources: sources.objects,
    dataPlane: sources.dataPlane,
    tableModes: sources.tableModes,
    formerModes: sources.formerModes,
    fleets: sources.fleets,
    cluster: sources.cluster,
    holdings: sources.holdings,
    claimProblems: sources.claimProblems,
    delayed: sources.delayed,
    outputs: {
      resources,
      fleets: gateways.nodes,
      fleetSpecs: gateways.fleetSpecs,
      classUse: gateways.classUse,
      tableModes: tables.modes,
      judge: (object) =>
        judgeObject(object, { ...routes, ...gateways, gateways: sources.objects.Gateway, listeners: ownership }),
      claims: declareClaims(graph, gateways, routes),
      changeLimits: gateways.changeLimits,
      routing: {
        gateways: gateways.nodes,
        parents: gateways.parents,
        envoyListeners: gateways.envoyListeners,
        tables: gateways.routeTables,
        portRoutes: byPort,
        layer4Winners: routes.layer4Winners,
        heldNames: tables.heldNames,
        virtualHosts: tables.virtualHosts,
        hostsByTable: tables.hosts,
        routes: routes.bound,
        refusedRules: routes.refusals.rules,
        refusedCertificates: gateways.refusedCertificates,
        refusedAuthorities: gateways.refusedAuthorities,
        refusedClusters: routes.refusals.refusedClusters,
        clusters: upstreams.clusterNodes,
        backendTls: backendTlsView(graph, routes.backendTls, upstreams.clusterNodes),
        holdings: sources.holdings,
        tableModes: tables.modes,
        writtenRoutes: sources.objects,
        namespaceLabels: gateways.namespaceLabels,
      },
      statuses,
    },
  };
}

function declareSources(graph: Graph): PipelineSources {
  const objects = {
    GatewayClass: graph.source<ObjectByKind["GatewayClass"]>("GatewayClass"),
    Gateway: graph.source<ObjectByKind["Gateway"]>("Gateway"),
    ListenerSet: graph.source<ObjectByKind["ListenerSet"]>("ListenerSet"),
    HTTPRoute: graph.source<ObjectByKind["HTTPRoute"]>("HTTPRoute"),
    GRPCRoute: graph.source<ObjectByKind["GRPCRoute"]>("GRPCRoute"),
    TLSRoute: graph.source<ObjectByKind["TLSRoute"]>("TLSRoute"),
    TCPRoute: graph.source<ObjectByKind["TCPRoute"]>("TCPRoute"),
    UDPRoute: graph.source<ObjectByKind["UDPRoute"]>("UDPRoute"),
    BackendTLSPolicy: graph.source<ObjectByKind["BackendTLSPolicy"]>("BackendTLSPolicy"),
    ReferenceGrant: graph.source<ObjectByKind["ReferenceGrant"]>("ReferenceGrant"),
    Service: graph.source<ObjectByKind["Service"]>("Service"),
    EndpointSlice: graph.source<ObjectByKind["EndpointSlice"]>("EndpointSlice"),
    Secret: graph.source<ObjectByKind["Secret"]>("Secret"),
    ConfigMap: graph.source<ObjectByKind["ConfigMap"]>("ConfigMap"),
    Namespace: graph.source<ObjectByKind["Namespace"]>("Namespace"),
    GatewayParameters: graph.source<ObjectByKind["GatewayParameters"]>("GatewayParameters"),
    HostnameClaim: graph.source<ObjectByKind["HostnameClaim"]>("HostnameClaim"),
    NamespaceBudget: graph.source<ObjectByKind["NamespaceBudget"]>("NamespaceBudget"),
    Quarantine: graph.source<ObjectByKind["Quarantine"]>("Quarantine"),
  };
  return {
    objects,
    dataPlane: graph.source("dataPlane"),
    tableModes: graph.source("tableModes"),
    formerModes: graph.source("formerModes"),
    fleets: graph.source("fleetStates"),
    cluster: graph.source("clusterFacts"),
    holdings: graph.source("holdings"),
    claimProblems: graph.source("claimProblems"),
    delayed: graph.source("delayed"),
  };
}

export type Objects = PipelineSources["objects"];
export type Gateways = ReturnType<typeof declareGateways>;
export type Routes = ReturnType<typeof declareRoutes>;

function declareGateways(
  graph: Graph,
  objects: Objects,
  { options, ownership }: { readonly options: PipelineOptions; readonly ownership: Ownership },
) {
  const classes = graph.derive(
    "gatewayClasses",
    objects.GatewayClass,
    buildGatewayClass(options, objects.GatewayParameters),
  );
  const { namespaceLabels } = ownership;
  const budgets = declareBudgets(graph, objects, { classes, namespaceLabels });
  const certificates = graph.derive("certificates", objects.Secret, readCertificate);
  const caBundles = graph.derive("caBundles", objects.ConfigMap, readCaBundle);
  const refused = declareRefusedSecrets(graph, objects.Quarantine, { certificates, caBundles });
  const inputs = {
    classes,
    budgets,
    certificates: graph.derive("certificateStates", certificates, certificateState),
    refusedCertificates: refused.refusedCertificates,
    refusedAuthorities: refused.refusedAuthorities,
    caBundleStates: graph.derive("caBundleStates", caBundles, caBundleState),
    listenerSets: graph.groupBy("listenerSetsByGateway", [objects.ListenerSet], listenerSetKeys),
    namespaceLabels,
    grants: graph.groupBy("grants", [objects.ReferenceGrant], grantKeys),
    parameters: objects.GatewayParameters,
    ownership,
  };
  const { placement } = options;
  const nodes = graph.derive("gateways", objects.Gateway, buildGateway(inputs, placement));
  const byClass = graph.groupBy("gatewaysByClass", [nodes], ({ fleet }) => [fleet.gatewayClass]);
  return {
    ...inputs,
    changeLimits: declareChangeLimits(graph, { ...budgets, namespaceLabels }, classes),
    certificateContents: certificates,
    caBundles,
    quarantinesByObject: refused.quarantinesByObject,
    nodes,
    parents: graph.derive("routeParents", nodes, routeParents),
    policies: graph.derive("ownershipPolicies", nodes, (_read, key, { ownership }) => [[key, ownership]]),
    limits: graph.derive("limits", nodes, (_read, key, { fleet }) => [[key, fleet.parameters.limits]]),
    fleetSpecs: graph.derive("fleetSpecs", nodes, buildFleetSpec(placement)),
    classUse: graph.derive("classUse", classes, (read, key) => [[key, (read.get(byClass, key)?.size ?? 0) > 0]]),
    envoyListeners: graph.derive("envoyListeners", nodes, buildEnvoyListeners(placement)),
    routeTables: graph.derive("routeTables", nodes, buildRouteTables),
  };
}

function declareRoutes(
  graph: Graph,
  objects: Objects,
  {
    parents,
    namespaceLabels,
    grants,
    budgets,
    ownership,
    quarantinesByObject,
    limits,
    nodes,
    policies,
    caBundleStates,
    refusedAuthorities,
  }: Gateways & { readonly ownership: Ownership },
) {
  const services = graph.derive("services", objects.Service, serviceView);
  const backendTls = declareBackendTls(graph, objects.BackendTLSPolicy, {
    ...{ services, caBundleStates, nodes, budgets, refusedAuthorities },
  });
  const inputs = { parents, namespaceLabels, grants, services, portTls: backendTls.policedPorts, budgets, ownership };
  const bind = {
    HTTPRoute: bindHttpRoute(inputs),
    GRPCRoute: bindGrpcRoute(inputs),
    TLSRoute: bindTlsRoute(inputs),
    TCPRoute: bindTcpRoute(inputs),
    UDPRoute: bindUdpRoute(inputs),
  };
  const requestRoutes = declareKindConflicts(graph, {
    httpRoutes: graph.derive("httpRoutes", objects.HTTPRoute, bind.HTTPRoute),
    grpcRoutes: graph.derive("grpcRoutes", objects.GRPCRoute, bind.GRPCRoute),
    policies,
  });
  const layer4Routes = graph.union("layer4Routes", [
    graph.derive("tlsRoutes", objects.TLSRoute, bind.TLSRoute),
    graph.derive("tcpRoutes", objects.TCPRoute, bind.TCPRoute),
    graph.derive("udpRoutes", objects.UDPRoute, bind.UDPRoute),
  ]);
  const bound = graph.union("boundRoutes", [requestRoutes, layer4Routes]);
  const refusals = declareRouteRefusals(graph, { quarantinesByObject, limits, backendTls, routes: bound });
  const tableRoutes = graph.derive("tableRoutes", requestRoutes, buildTableRoutes(refusals));
  const portRoutes = graph.derive("portRoutes", layer4Routes, buildPortRoutes(refusals));
  const byPlace = graph.groupBy("portRoutesByPlace", [portRoutes], layer4Places);
  const layer4Winners = graph.derive("layer4Winners", byPlace, findLayer4Winner);
  const attachments = graph.derive("attachments", bound, (_read, key, route: BoundRoute) => {
    const listeners = route.parents.flatMap((parent) => parent.attachments.map(({ listener }) => listener));
    return [[key, [...new Set(listeners)].sort()]];
  });
  const byListener = graph.groupBy("routesByListener", [attachments], (listeners) => listeners);
  const attachedRoutes = graph.derive("attachedRoutes", byListener, (_read, key, routes) => [[key, routes.size]]);
  return { services, backendTls, bind, bound, refusals, tableRoutes, portRoutes, layer4Winners, attachedRoutes };
}

/** Gathers by what is wanted who wants it. */
function declareClaims(graph: Graph, { nodes }: Gateways, { bound }: Routes): Collection<ClaimWant> {
  const ofGateways = graph.derive("listenerSetClaims", nodes, listClaims);
  const ofRoutes = graph.derive("routeClaims", bound, listClaims);
  const byKey = graph.groupBy("claimsByKey", [ofGateways, ofRoutes], (claims) => claims.map(({ key }) => key));
  return graph.derive("claims", byKey, gatherClaims);
}
