import type { NamespacedName } from "../../core/keys.ts";
import { type ControlPlaneTls, controlPlaneSocket } from "./control-plane-tls.ts";
import { type EdgeSettings, edgeSettings } from "./edge-defaults.ts";
import { overloadManager } from "./overload.ts";
import { podListeners, podStats, socketAddress } from "./pod-listeners.ts";
import { maxRegexProgram } from "./regex.ts";

export interface ProxyBootstrapOptions {
  readonly gateway: NamespacedName;
  /** Tells this proxy from the others of its Gateway. Absent when Envoy is told by `--service-node`, as in a pod. */
  readonly nodeId?: string;
  /** The control plane's ADS port. */
  readonly xds: { readonly address: string; readonly port: number };
  /** Files with which the proxy shows who it is and checks who it talks to. Absent on loopback. */
  readonly tls?: ControlPlaneTls;
  readonly adminAddress: string;
  readonly adminPort: number;
  /** In a pod: the address on which readiness and metrics are served, since the admin page is on loopback. */
  readonly podAddress?: string;
  readonly settings?: EdgeSettings;
}

/** The bootstrap that makes an Envoy a proxy of a Gateway, as JSON: everything else comes over delta ADS. */
export function proxyBootstrap(options: ProxyBootstrapOptions): object {
  const { nodeId, gateway, podAddress, adminAddress, adminPort, settings = edgeSettings } = options;
  const pod = podAddress === undefined ? undefined : podListeners(podAddress, { adminAddress, adminPort });
  return {
    node: { ...(nodeId !== undefined && { id: nodeId }), cluster: gateway },
    admin: { address: socketAddress(adminAddress, adminPort) },
    dynamic_resources: dynamicResources,
    static_resources: {
      ...(pod && { listeners: pod.listeners }),
      clusters: [controlPlane(options), ...(pod ? [pod.cluster] : [])],
    },
    layered_runtime: { layers: [{ name: "gatehouse", static_layer: runtime(settings) }] },
    overload_manager: overloadManager(settings),
    stats_config: pod === undefined ? statsConfig : podStats,
    deferred_stat_options: { enable_deferred_creation_stats: true },
  };
}

const controlPlaneCluster = "gatehouse";

/** Waits for the first listeners and clusters as long as it takes: with none, a proxy would answer and know nothing. */
const firstFetch = { ads: {}, resource_api_version: "V3", initial_fetch_timeout: "0s" };

const dynamicResources = {
  ads_config: {
    api_type: "DELTA_GRPC",
    transport_api_version: "V3",
    set_node_on_first_message_only: true,
    grpc_services: [{ envoy_grpc: { cluster_name: controlPlaneCluster } }],
  },
  lds_config: firstFetch,
  cds_config: firstFetch,
};

function runtime({ requestsPerCycle }: EdgeSettings): object {
  return {
    // A pattern is checked before it is sent; Envoy's own limit of 100 instructions would refuse most of them.
    "re2.max_program_size.error_level": maxRegexProgram * 2,
    "http.max_requests_per_io_cycle": requestsPerCycle,
  };
}

/** Statistics by table name would cost more memory than the tables: 8 KB for each hostname of a scoped table. */
const statsConfig = {
  stats_matcher: {
    exclusion_list: {
      patterns: [{ safe_regex: { regex: "http\\.https?-[0-9]+\\.(rds|scoped_rds)\\..*" } }],
    },
  },
};

function controlPlane({ xds, tls }: ProxyBootstrapOptions): object {
  const isAddress = /^[0-9.]+$/.test(xds.address) || xds.address.includes(":");
  const window = 1_048_576;
  const http2 = {
    // Finds a control plane that is gone without closing: a stream at rest says nothing.
    connection_keepalive: { interval: "30s", timeout: "5s" },
    initial_stream_window_size: window,
    initial_connection_window_size: window,
  };
  const endpoint = { endpoint: { address: socketAddress(xds.address, xds.port) } };
  return {
    name: controlPlaneCluster,
    type: isAddress ? "STATIC" : "STRICT_DNS",
    connect_timeout: "5s",
    load_assignment: { cluster_name: controlPlaneCluster, endpoints: [{ lb_endpoints: [endpoint] }] },
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: { http2_protocol_options: http2 },
      },
    },
    ...(tls && { transport_socket: controlPlaneSocket(tls) }),
  };
}
