import type { Graph } from "../collection/graph.ts";
import { declareEndpointOwners } from "./endpoint-owners.ts";
import { serviceOfSlice } from "./endpoints.ts";
import type { Gateways, Objects, PipelineOptions, Routes } from "./pipeline.ts";
import { sameVersion } from "./same-version.ts";
import {
  buildCluster,
  buildClusterResource,
  buildEndpoints,
  buildSecret,
  clusterKeys,
  secretKeys,
} from "./upstreams.ts";

export function declareUpstreams(
  graph: Graph,
  objects: Objects,
  {
    services,
    tableRoutes,
    envoyListeners,
    policies,
    limits,
    certificateContents,
    placement,
  }: Routes & Gateways & Pick<PipelineOptions, "placement">,
) {
  const slices = graph.groupBy("slicesByService", [objects.EndpointSlice], serviceOfSlice);
  const endpointOwners = declareEndpointOwners(graph, objects.Service, objects.EndpointSlice);
  const endpointInputs = { services, slices, ...endpointOwners, policies };
  const nodes = graph.derive(
    "clusterNodes",
    graph.groupBy("routesByCluster", [tableRoutes], clusterKeys),
    buildCluster,
  );
  const bySecret = graph.groupBy("listenersBySecret", [envoyListeners], secretKeys);
  const resources = {
    cluster: [graph.derive("clusters", nodes, buildClusterResource(limits), sameVersion)],
    endpoint: [graph.derive("endpoints", nodes, buildEndpoints(endpointInputs, placement), sameVersion)],
    secret: [graph.derive("secrets", bySecret, buildSecret(certificateContents), sameVersion)],
  };
  return { clusterNodes: nodes, resources };
}
