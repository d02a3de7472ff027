/** What a proxy in a pod serves besides its Gateway: whether it is ready, and its metrics. */
import { proxyPorts } from "../../core/fleet.ts";

interface AdminPage {
  readonly adminAddress: string;
  readonly adminPort: number;
}

/** The static listeners of a pod, and the cluster by which they reach two paths of the admin page and nothing else of it. */
export function podListeners(
  address: string,
  { adminAddress, adminPort }: AdminPage,
): { readonly listeners: readonly object[]; readonly cluster: object } {
  const endpoint = { endpoint: { address: socketAddress(adminAddress, adminPort) } };
  return {
    listeners: [
      onePathListener("readiness", socketAddress(address, proxyPorts.readiness), "/ready"),
      onePathListener("metrics", socketAddress(address, proxyPorts.metrics), "/stats/prometheus"),
    ],
    cluster: {
      name: adminCluster,
      type: "STATIC",
      connect_timeout: "1s",
      load_assignment: { cluster_name: adminCluster, endpoints: [{ lb_endpoints: [endpoint] }] },
    },
  };
}

/** The statistics that a pod keeps. With every statistic of every backend, 5,000 backends would cost hundreds of megabytes. */
export const podStats = {
  stats_matcher: {
    inclusion_list: {
      patterns: [
        ...[
          "server.",
          "listener_manager.",
          "cluster_manager.",
          "control_plane.",
          "overload.",
          "runtime.",
          "connection_limit.",
        ].map((prefix) => ({
          prefix,
        })),
        {
          safe_regex: {
            regex:
              "listener\\..*\\.(downstream_cx_(total|active|overflow|overload_reject)|ssl\\.(handshake|connection_error))",
          },
        },
        {
          safe_regex: {
            regex:
              "http\\.https?-[0-9]+\\.(downstream_(rq_(total|active|time|[1-5]xx|timeout|idle_timeout|overload_close)|cx_(total|active))|no_route)",
          },
        },
        {
          safe_regex: {
            regex:
              "cluster\\..*\\.(upstream_rq_(total|active|time|[1-5]xx|timeout|retry|retry_overflow|pending_overflow)|upstream_cx_(total|active|connect_fail|overflow)|membership_(healthy|total))",
          },
        },
      ],
    },
  },
};

/** One address and port, as bootstrap files spell it. */
export function socketAddress(address: string, port: number): object {
  return { socket_address: { address, port_value: port } };
}

const adminCluster = "admin";

function onePathListener(name: string, address: object, path: string): object {
  const get = { name: ":method", string_match: { exact: "GET" } };
  const route = { match: { path, headers: [get] }, route: { cluster: adminCluster, timeout: "10s" } };
  const manager = {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: name,
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
    route_config: { virtual_hosts: [{ name, domains: ["*"], routes: [route] }] },
    common_http_protocol_options: { idle_timeout: "60s", max_connection_duration: "3600s" },
    request_headers_timeout: "5s",
  };
  return {
    name,
    address,
    // A proxy that is full must still be able to say that it lives.
    ignore_global_conn_limit: true,
    bypass_overload_manager: true,
    filter_chains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] }],
  };
}
