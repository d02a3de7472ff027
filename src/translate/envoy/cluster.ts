import {
  EnvoyConfigClusterV3ClusterDiscoveryType as DiscoveryType,
  type EnvoyConfigClusterV3CircuitBreakers,
  type EnvoyExtensionsUpstreamsHttpV3HttpProtocolOptions as HttpProtocolOptions,
} from "../../../proto/gen/types.ts";
import { anyOf, encodeMessage } from "../../../proto/messages.ts";
import { assertNever } from "../../core/assert-never.ts";
import type { XdsResource } from "../../core/xds-resource.ts";
import type { ClusterNode } from "../nodes.ts";
import { adsConfigSource } from "./ads.ts";
import { durationOf } from "./duration.ts";
import { type EdgeSettings, edgeSettings } from "./edge-defaults.ts";
import { xdsResource } from "./resource.ts";

/** Prints a Service port as an Envoy cluster whose endpoints come by EDS under the cluster's own name. */
export function printCluster(node: ClusterNode, settings: EdgeSettings = edgeSettings): XdsResource {
  const bytes = encodeMessage("envoy.config.cluster.v3.Cluster", {
    name: node.name,
    type: DiscoveryType.EDS,
    edsClusterConfig: { edsConfig: adsConfigSource },
    connectTimeout: durationOf(settings.connectTimeoutMs),
    perConnectionBufferLimitBytes: { value: settings.connectionBufferBytes },
    circuitBreakers: circuitBreakers(settings),
    // An endpoint that is gone gets no more requests, whatever health checks last said of it.
    ignoreHealthOnHostRemoval: true,
    typedExtensionProtocolOptions: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": anyOf(
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        { explicitHttpConfig: protocolOptions(node.protocol, settings) },
      ),
    },
  });
  return xdsResource("cluster", node.name, bytes);
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

function protocolOptions(
  protocol: ClusterNode["protocol"],
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
