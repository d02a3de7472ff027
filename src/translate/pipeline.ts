import type { Collection, Grouped, Source } from "../collection/collection.ts";
import type { Graph } from "../collection/graph.ts";
import type { StatusUpdate } from "../core/conditions.ts";
import type { DataPlaneState, TableMode } from "../core/data-plane.ts";
import type { ClusterFacts, FleetSpec, FleetState } from "../core/fleet.ts";
import { isExact } from "../core/hostname.ts";
import { gatewayResourceKey, type Kind, type ObjectByKind, type ObjectKey, objectKey } from "../core/keys.ts";
import type { ResourceType, XdsResource } from "../core/xds-resource.ts";
import { namespaceLabels } from "./allowed-routes.ts";
import { serviceView } from "./backend.ts";
import { certificateState, readCertificate } from "./certificate.ts";
import { serviceOfSlice } from "./endpoints.ts";
import { printListener } from "./envoy/listener.ts";
import { buildEnvoyListeners, buildRouteTables } from "./envoy-listener.ts";
import { buildFleetSpec } from "./fleet.ts";
import { buildGateway } from "./gateway.ts";
import { buildGatewayClass, type GatewayClassNode } from "./gateway-class.ts";
import { gatewayClassStatus } from "./gateway-class-report.ts";
import { gatewayStatus } from "./gateway-report.ts";
import { bindHttpRoute } from "./http-route.ts";
import { listenerSetKeys } from "./listener-set.ts";
import { listenerSetStatuses } from "./listener-set-report.ts";
import type {
  BoundRoute,
  EnvoyListener,
  GatewayNode,
  HostMember,
  RouteTable,
  TableRoutes,
  VirtualHost,
} from "./nodes.ts";
import { parametersStatus } from "./parameters-report.ts";
import type { Placement } from "./placement.ts";
import { grantKeys } from "./reference-grant.ts";
import { routeParents } from "./route-parents.ts";
import { routeStatus } from "./route-report.ts";
import {
  chooseTableMode,
  printFallbackScope,
  printMisdirectedScope,
  printOwnScope,
  printOwnTable,
  printSharedMisdirected,
  printSharedTable,
  tableKey,
  tlsPortKeys,
} from "./route-tables.ts";
import { supportedFeatures } from "./supported-features.ts";
import { buildTableRoutes } from "./table-routes.ts";
import {
  buildCluster,
  buildClusterResource,
  buildEndpoints,
  buildSecret,
  clusterKeys,
  secretKeys,
} from "./upstreams.ts";
import { buildUnroutedHosts, hostKeys, mergeVirtualHost } from "./virtual-host.ts";

export interface PipelineOptions {
  readonly controllerName: string;
  readonly placement: Placement;
}

/** What goes into the translation. Everything else follows. */
export interface PipelineSources {
  readonly objects: { readonly [K in Kind]: Source<ObjectByKind[K]> };
  /** By Gateway, namespace/name. */
  readonly dataPlane: Source<DataPlaneState>;
  /** How tables are cut now, by gatewayResourceKey(gateway, table): what `outputs.tableModes` last said. */
  readonly tableModes: Source<TableMode>;
  /** How fleets are, by Gateway, namespace/name. */
  readonly fleets: Source<FleetState>;
  /** One entry, under {@link clusterKey}; none where there is no cluster. */
  readonly cluster: Source<ClusterFacts>;
}

/** The key of the only entry of `cluster`. */
export const clusterKey = "cluster";

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
  /** Keyed by ObjectKey. */
  readonly statuses: readonly Collection<StatusUpdate>[];
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
 * Further route kinds join as one more collection of BoundRoute beside `httpRoutes`; everything below takes them as it is.
 */
export function createPipeline(graph: Graph, options: PipelineOptions): Pipeline {
  const sources = declareSources(graph);
  const gateways = declareGateways(graph, sources.objects, options);
  const routes = declareRoutes(graph, sources.objects, gateways);
  const tables = declareTables(graph, sources, gateways, routes.tableRoutes);
  const upstreams = declareUpstreams(graph, sources.objects, { ...routes, ...gateways, placement: options.placement });
  const listeners = graph.derive(
    "listeners",
    gateways.envoyListeners,
    (read, key, node: EnvoyListener) => {
      const mode = (table: string) => read.get(tables.modes, gatewayResourceKey(node.gateway, table)) ?? "plain";
      return [[key, printListener(node, mode)]];
    },
    sameVersion,
  );
  const statuses = declareStatuses(graph, sources, { options, gateways, routes, listeners });
  const resources = { ...upstreams, ...tables.resources, listener: [listeners] };
  return {
    sources: sources.objects,
    dataPlane: sources.dataPlane,
    tableModes: sources.tableModes,
    fleets: sources.fleets,
    cluster: sources.cluster,
    outputs: {
      resources,
      fleets: gateways.nodes,
      fleetSpecs: gateways.fleetSpecs,
      classUse: gateways.classUse,
      tableModes: tables.modes,
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
    ReferenceGrant: graph.source<ObjectByKind["ReferenceGrant"]>("ReferenceGrant"),
    Service: graph.source<ObjectByKind["Service"]>("Service"),
    EndpointSlice: graph.source<ObjectByKind["EndpointSlice"]>("EndpointSlice"),
    Secret: graph.source<ObjectByKind["Secret"]>("Secret"),
    ConfigMap: graph.source<ObjectByKind["ConfigMap"]>("ConfigMap"),
    Namespace: graph.source<ObjectByKind["Namespace"]>("Namespace"),
    GatewayParameters: graph.source<ObjectByKind["GatewayParameters"]>("GatewayParameters"),
  };
  return {
    objects,
    dataPlane: graph.source("dataPlane"),
    tableModes: graph.source("tableModes"),
    fleets: graph.source("fleetStates"),
    cluster: graph.source("clusterFacts"),
  };
}

type Objects = PipelineSources["objects"];
type Gateways = ReturnType<typeof declareGateways>;
type Routes = ReturnType<typeof declareRoutes>;

function declareGateways(graph: Graph, objects: Objects, options: PipelineOptions) {
  const classes = graph.derive(
    "gatewayClasses",
    objects.GatewayClass,
    buildGatewayClass(options, objects.GatewayParameters),
  );
  const certificates = graph.derive("certificates", objects.Secret, readCertificate);
  const inputs = {
    classes,
    certificates: graph.derive("certificateStates", certificates, certificateState),
    listenerSets: graph.groupBy("listenerSetsByGateway", [objects.ListenerSet], listenerSetKeys),
    namespaceLabels: graph.derive("namespaceLabels", objects.Namespace, namespaceLabels),
    grants: graph.groupBy("grants", [objects.ReferenceGrant], grantKeys),
    parameters: objects.GatewayParameters,
  };
  const { placement } = options;
  const nodes = graph.derive("gateways", objects.Gateway, buildGateway(inputs, placement));
  const byClass = graph.groupBy("gatewaysByClass", [nodes], ({ fleet }) => [fleet.gatewayClass]);
  return {
    ...inputs,
    certificateContents: certificates,
    nodes,
    parents: graph.derive("routeParents", nodes, routeParents),
    fleetSpecs: graph.derive("fleetSpecs", nodes, buildFleetSpec(placement)),
    classUse: graph.derive("classUse", classes, (read, key) => [[key, (read.get(byClass, key)?.size ?? 0) > 0]]),
    envoyListeners: graph.derive("envoyListeners", nodes, buildEnvoyListeners(placement)),
    routeTables: graph.derive("routeTables", nodes, buildRouteTables),
  };
}

function declareRoutes(graph: Graph, objects: Objects, { parents, namespaceLabels, grants }: Gateways) {
  const services = graph.derive("services", objects.Service, serviceView);
  const httpRoutes = graph.derive(
    "httpRoutes",
    objects.HTTPRoute,
    bindHttpRoute({ parents, namespaceLabels, grants, services }),
  );
  const tableRoutes = graph.derive("tableRoutes", httpRoutes, buildTableRoutes);
  const attachments = graph.derive("attachments", httpRoutes, (_read, key, route: BoundRoute) => {
    const listeners = route.parents.flatMap((parent) => parent.attachments.map(({ listener }) => listener));
    return [[key, [...new Set(listeners)].sort()]];
  });
  const byListener = graph.groupBy("routesByListener", [attachments], (listeners) => listeners);
  const attachedRoutes = graph.derive("attachedRoutes", byListener, (_read, key, routes) => [[key, routes.size]]);
  return { services, httpRoutes, tableRoutes, attachedRoutes };
}

function declareTables(
  graph: Graph,
  sources: PipelineSources,
  { routeTables }: Gateways,
  tableRoutes: Collection<TableRoutes>,
) {
  const unrouted = graph.derive("unroutedHosts", routeTables, buildUnroutedHosts);
  const byHost: Grouped<HostMember> = graph.groupBy<HostMember>("routesByHost", [unrouted, tableRoutes], hostKeys);
  const virtualHosts = graph.derive("virtualHosts", byHost, mergeVirtualHost, sameVersion);
  const hosts = graph.groupBy("hostsByTable", [virtualHosts], (host) => [tableKey(host)]);
  const exactHosts = graph.groupBy("exactHostsByTable", [virtualHosts], (host) => keysIf(isExact(host.hostname), host));
  const wildcardHosts = graph.groupBy("wildcardHostsByTable", [virtualHosts], (host) =>
    keysIf(!isExact(host.hostname), host),
  );
  const modes = graph.derive("wantedTableModes", routeTables, chooseTableMode(sources.tableModes, exactHosts));
  const inputs = { modes, hosts, wildcardHosts };
  const byTlsPort: Grouped<RouteTable> = graph.groupBy("tablesByTlsPort", [routeTables], tlsPortKeys);
  const route = [
    graph.derive("sharedTables", routeTables, printSharedTable(inputs), sameVersion),
    graph.derive("hostTables", virtualHosts, printOwnTable(inputs), sameVersion),
    graph.derive("misdirectedTables", byTlsPort, printSharedMisdirected(inputs), sameVersion),
  ];
  const scope = [
    graph.derive("fallbackScopes", routeTables, printFallbackScope(inputs), sameVersion),
    graph.derive("hostScopes", virtualHosts, printOwnScope(inputs), sameVersion),
    graph.derive("misdirectedScopes", byTlsPort, printMisdirectedScope(inputs), sameVersion),
  ];
  return { modes, resources: { route, scope } };
}

function declareUpstreams(
  graph: Graph,
  objects: Objects,
  {
    services,
    tableRoutes,
    envoyListeners,
    certificateContents,
    placement,
  }: Routes & Gateways & Pick<PipelineOptions, "placement">,
) {
  const slices = graph.groupBy("slicesByService", [objects.EndpointSlice], serviceOfSlice);
  const nodes = graph.derive(
    "clusterNodes",
    graph.groupBy("routesByCluster", [tableRoutes], clusterKeys),
    buildCluster,
  );
  const bySecret = graph.groupBy("listenersBySecret", [envoyListeners], secretKeys);
  return {
    cluster: [graph.derive("clusters", nodes, buildClusterResource, sameVersion)],
    endpoint: [graph.derive("endpoints", nodes, buildEndpoints({ services, slices }, placement), sameVersion)],
    secret: [graph.derive("secrets", bySecret, buildSecret(certificateContents), sameVersion)],
  };
}

function declareStatuses(
  graph: Graph,
  sources: PipelineSources,
  {
    options,
    gateways,
    routes,
    listeners,
  }: {
    readonly options: PipelineOptions;
    readonly gateways: Gateways;
    readonly routes: Routes;
    readonly listeners: Collection<XdsResource>;
  },
): readonly Collection<StatusUpdate>[] {
  const features = supportedFeatures(options.placement);
  const ofClasses = graph.derive("gatewayClassStatuses", gateways.classes, (read, _key, node: GatewayClassNode) => [
    [
      node.key,
      gatewayClassStatus(node, { supportedFeatures: features, cluster: read.get(sources.cluster, clusterKey) }),
    ],
  ]);
  const ofGateways = graph.derive("gatewayStatuses", gateways.nodes, (read, key, node: GatewayNode) => {
    const inputs = {
      node,
      attachedRoutes: (listener: string) => read.get(routes.attachedRoutes, listener) ?? 0,
      dataPlane: read.get(sources.dataPlane, key),
      placement: options.placement,
      fleet: read.get(sources.fleets, key),
      listenerVersions: (name: string) => read.get(listeners, gatewayResourceKey(node.key, name))?.version,
    };
    const sets = listenerSetStatuses(inputs).map((status): readonly [ObjectKey, StatusUpdate] => [
      status.object,
      status,
    ]);
    return [[objectKey("Gateway", node.key), gatewayStatus(inputs)], ...sets];
  });
  const ofRoutes = graph.derive("routeStatuses", routes.httpRoutes, (_read, key, route: BoundRoute) => [
    [key, routeStatus(route, options.controllerName)],
  ]);
  const ofParameters = graph.derive(
    "parametersStatuses",
    sources.objects.GatewayParameters,
    (_read, _key, object: ObjectByKind["GatewayParameters"]) => {
      const status = parametersStatus(object);
      return [[status.object, status]];
    },
  );
  return [ofClasses, ofGateways, ofRoutes, ofParameters];
}

function keysIf(included: boolean, host: VirtualHost): readonly string[] {
  return included ? [tableKey(host)] : [];
}

function sameVersion(a: { readonly version: string }, b: typeof a): boolean {
  return a.version === b.version;
}
