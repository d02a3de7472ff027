import type { Graph } from "../collection/graph.ts";
import { declareEndpointOwners } from "./endpoint-owners.ts";
import { serviceOfSlice } from "./endpoints.ts";
import { declareDatagramClusters } from "./layer4/datagram-clusters.ts";
import type { Gateways, Objects, PipelineOptions, Routes } from "./pipeline.ts";
import { sameVersion } from "./same-version.ts";
import {
  buildCluster,
  buildClusterResource,
  buildEndpoints,
  buildSecret,
  clusterKeys,
  listenerSecrets,
  secretKeys,
  upstreamSecrets,
} from "./upstreams.ts";

export function declareUpstreams(
  graph: Graph,
  objects: Objects,
  {
    services,
    backendTls,
    tableRoutes,
    portRoutes,
    envoyListeners,
    policies,
    limits,
    certificateContents,
    caBundles,
    placement,
  }: Routes & Gateways & Pick<PipelineOptions, "placement">,
) {
  const slices = graph.groupBy("slicesByService", [objects.EndpointSlice], serviceOfSlice);
  const endpointOwners = declareEndpointOwners(graph, objects.Service, objects.EndpointSlice);
  const endpointInputs = { services, slices, ...endpointOwners, policies };
  const nodes = graph.derive(
    "clusterNodes",
    graph.groupBy("routesByCluster", [tableRoutes, portRoutes], clusterKeys),
    buildCluster(backendTls),
  );
  const ofListeners = graph.derive("listenerSecrets", envoyListeners, listenerSecrets);
  const ofClusters = graph.derive("upstreamSecrets", nodes, upstreamSecrets);
  const bySecret = graph.groupBy("secretUsers", [ofListeners, ofClusters], secretKeys);
  const datagrams = declareDatagramClusters(graph, { portRoutes, limits, endpoints: endpointInputs, placement });
  const resources = {
    cluster: [graph.derive("clusters", nodes, buildClusterResource(limits), sameVersion), datagrams.clusters],
    endpoint: [
      graph.derive("endpoints", nodes, buildEndpoints(endpointInputs, placement), sameVersion),
      datagrams.endpoints,
    ],
    secret: [
      graph.derive("secrets", bySecret, buildSecret({ certificates: certificateContents, caBundles }), sameVersion),
    ],
  };
  return { clusterNodes: nodes, datagramNodes: datagrams.nodes, resources };
}
