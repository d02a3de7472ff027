import {
  EnvoyConfigClusterV3ClusterDiscoveryType as DiscoveryType,
  type EnvoyConfigClusterV3CircuitBreakers,
  type EnvoyConfigClusterV3Cluster,
  type EnvoyExtensionsUpstreamsHttpV3HttpProtocolOptions as HttpProtocolOptions,
} from "../../../proto/gen/types.ts";
import { anyOf, encodeMessage } from "../../../proto/messages.ts";
import { assertNever } from "../../core/assert-never.ts";
import type { XdsResource } from "../../core/xds-resource.ts";
import type { ClusterAddress, ClusterNode } from "../nodes.ts";
import { adsConfigSource } from "./ads.ts";
import { durationOf } from "./duration.ts";
import { type EdgeSettings, edgeSettings } from "./edge-defaults.ts";
import { xdsResource } from "./resource.ts";
import { upstreamTlsSocket } from "./upstream-tls.ts";

/** A cluster as it is printed: on whose behalf is for its key to say. */
export type PrintedCluster = ClusterAddress & Pick<ClusterNode, "tls">;

/** Prints a Service port as an Envoy cluster whose endpoints come by EDS under the cluster's own name. */
export function printCluster(node: PrintedCluster, settings: EdgeSettings = edgeSettings): XdsResource {
  const bytes = encodeMessage("envoy.config.cluster.v3.Cluster", {
    name: node.name,
    ...endpointDiscovery(node),
    connectTimeout: durationOf(settings.connectTimeoutMs),
    perConnectionBufferLimitBytes: { value: settings.connectionBufferBytes },
    circuitBreakers: circuitBreakers(settings),
    // An endpoint that is gone gets no more requests, whatever health checks last said of it.
    ignoreHealthOnHostRemoval: true,
    ...(node.tls?.kind === "tls" && { transportSocket: upstreamTlsSocket(node.tls, node.protocol) }),
    ...httpOptions(node.protocol, settings),
  });
  return xdsResource("cluster", node.name, bytes);
}

/**
 * Where nothing may be sent, the cluster itself has nobody to send it to: it answers 503 from the moment that it is there,
 * whatever endpoints have come or come later.
 */
function endpointDiscovery({ tls }: PrintedCluster): EnvoyConfigClusterV3Cluster {
  if (tls?.kind === "refused") return { type: DiscoveryType.STATIC };
  return { type: DiscoveryType.EDS, edsClusterConfig: { edsConfig: adsConfigSource } };
}

/** What a backend that hangs can keep. With a budget, Envoy counts retries by nothing else. */
function circuitBreakers(settings: EdgeSettings): EnvoyConfigClusterV3CircuitBreakers {
  return {
    thresholds: [
      {
        maxConnections: { value: settings.backendConnections },
        maxPendingRequests: { value: settings.backendPendingRequests },
        maxRequests: { value: settings.backendRequests },
        retryBudget: {
          budgetPercent: { value: settings.retryBudgetPercent },
          minRetryConcurrency: { value: settings.minRetryConcurrency },
        },
      },
    ],
  };
}

/** What is forwarded as it is has no options of HTTP. */
function httpOptions(protocol: ClusterAddress["protocol"], settings: EdgeSettings): EnvoyConfigClusterV3Cluster {
  if (protocol !== "http1" && protocol !== "http2") return {};
  const options = anyOf("envoy.extensions.upstreams.http.v3.HttpProtocolOptions", {
    explicitHttpConfig: protocolOptions(protocol, settings),
  });
  return { typedExtensionProtocolOptions: { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options } };
}

function protocolOptions(
  protocol: "http1" | "http2",
  settings: EdgeSettings,
): NonNullable<HttpProtocolOptions["explicitHttpConfig"]> {
  switch (protocol) {
    case "http1":
      return { httpProtocolOptions: {} };
    case "http2":
      return {
        http2ProtocolOptions: {
          initialStreamWindowSize: { value: settings.http2StreamWindowBytes },
          initialConnectionWindowSize: { value: settings.http2ConnectionWindowBytes },
        },
      };
    default:
      return assertNever(protocol);
  }
}
