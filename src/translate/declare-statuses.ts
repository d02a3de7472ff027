/** The statuses of all objects: what users are told. */
import type { Collection, Grouped } from "../collection/collection.ts";
import type { Graph } from "../collection/graph.ts";
import type { StatusUpdate } from "../core/conditions.ts";
import { clusterKey } from "../core/fleet.ts";
import { gatewayResourceKey, type ObjectByKind, type ObjectKey, objectKey } from "../core/keys.ts";
import type { XdsResource } from "../core/xds-resource.ts";
import {
  policyStatus,
  reachesOfDatagrams,
  reachOfCluster,
  reachOfRefused,
  reachServices,
} from "./backend-tls/policy-status.ts";
import { delayedRouteStatus } from "./budget/delayed-change.ts";
import type { GatewayClassNode } from "./gateway-class.ts";
import { gatewayClassStatus } from "./gateway-class-report.ts";
import { gatewayStatus } from "./gateway-report.ts";
import type { DatagramClusterNode } from "./layer4/datagram-clusters.ts";
import { listenerSetStatuses } from "./listener-set-report.ts";
import type { ClusterNode, GatewayNode } from "./nodes.ts";
import { parametersStatus } from "./parameters-report.ts";
import type { Gateways, PipelineOptions, PipelineSources, Routes } from "./pipeline.ts";
import { readRefusals } from "./quarantine/served-rules.ts";
import type { BoundRoute } from "./route-nodes.ts";
import { routeStatus } from "./route-report.ts";
import type { RouteShadows } from "./rule-shadows.ts";
import { supportedFeatures } from "./supported-features.ts";

export function declareStatuses(
  graph: Graph,
  sources: PipelineSources,
  {
    options,
    gateways,
    routes,
    upstreams,
    listeners,
    shadows,
  }: {
    readonly options: PipelineOptions;
    readonly gateways: Gateways;
    readonly routes: Routes;
    readonly upstreams: {
      readonly clusterNodes: Collection<ClusterNode>;
      readonly datagramNodes: Collection<DatagramClusterNode>;
    };
    readonly listeners: Collection<XdsResource>;
    readonly shadows: Grouped<RouteShadows>;
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
  const ofRoutes = graph.derive("routeStatuses", routes.bound, (read, key, route: BoundRoute) => [
    [
      key,
      routeStatus(route, options.controllerName, {
        shadows: [...(read.get(shadows, key)?.values() ?? [])],
        layer4Winner: (place) => read.get(routes.layer4Winners, place),
        isDelayed: read.get(sources.delayed, key) !== undefined,
        refusals: (gateway) => readRefusals(read, routes.refusals, { route, gateway }),
      }),
    ],
  ]);
  const ofDelayed = graph.derive(
    "delayedStatuses",
    sources.delayed,
    delayedRouteStatus({ ...options, ...gateways, ...routes }),
  );
  const ofParameters = graph.derive(
    "parametersStatuses",
    sources.objects.GatewayParameters,
    (_read, _key, object: ObjectByKind["GatewayParameters"]) => {
      const status = parametersStatus(object);
      return [[status.object, status]];
    },
  );
  const { backendTls, services } = routes;
  const reaches = graph.groupBy(
    "backendTlsReaches",
    [
      graph.derive("clusterReaches", upstreams.clusterNodes, reachOfCluster),
      graph.derive("datagramReaches", upstreams.datagramNodes, reachesOfDatagrams),
      graph.derive("refusedReaches", routes.refusals.refusedClusters, reachOfRefused),
    ],
    reachServices,
  );
  const ofPolicies = graph.derive(
    "backendTlsStatuses",
    backendTls.policies,
    policyStatus({ ...options, ...backendTls, services, reaches }),
  );
  return [ofClasses, ofGateways, ofDelayed, ofRoutes, ofParameters, ofPolicies];
}
