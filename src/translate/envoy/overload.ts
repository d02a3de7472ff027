import type { EdgeSettings } from "./edge-defaults.ts";

/**
 * What a proxy does before its memory or its connections are used up, by the part of the heap that is in use:
 *
 *     85 %…95 %  what nobody moves any more ends sooner, and the streams that hold most memory are reset
 *     90 %       free memory is given back
 *     95 %       connections end after their request
 *     97 %       new connections wait
 *     99 %       new requests are answered 503
 *
 * The first two find those who use the memory; the last two are for everybody, and come when that did not suffice.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/operations/overload_manager/overload_manager
 */
export function overloadManager({ maxConnections, maxHeapMiB }: EdgeSettings): object {
  return {
    refresh_interval: "0.25s",
    resource_monitors: [
      monitor(heap, "fixed_heap.v3.FixedHeapConfig", { max_heap_size_bytes: maxHeapMiB * 1_048_576 }),
      monitor("global_downstream_max_connections", "downstream_connections.v3.DownstreamConnectionsConfig", {
        max_active_downstream_connections: maxConnections,
      }),
    ],
    actions: [
      { ...action("reduce_timeouts", findsUsers), typed_config: reducedTimeouts },
      action("reset_high_memory_stream", findsUsers),
      action("shrink_heap", { threshold: { value: 0.9 } }),
      action("disable_http_keepalive", { threshold: { value: 0.95 } }),
      action("stop_accepting_connections", { threshold: { value: 0.97 } }),
      action("stop_accepting_requests", { threshold: { value: 0.99 } }),
    ],
    // Streams are told apart from 32 KiB on: what each may buffer in a direction is 64 KiB.
    buffer_factory_config: { minimum_account_to_track_power_of_two: 15 },
  };
}

const heap = "fixed_heap";
const findsUsers = { scaled: { scaling_threshold: 0.85, saturation_threshold: 0.95 } };

const reducedTimeouts = {
  "@type": "type.googleapis.com/envoy.config.overload.v3.ScaleTimersOverloadActionConfig",
  timer_scale_factors: [
    { timer: "HTTP_DOWNSTREAM_CONNECTION_IDLE", min_timeout: "2s" },
    { timer: "HTTP_DOWNSTREAM_STREAM_IDLE", min_timeout: "10s" },
    { timer: "TRANSPORT_SOCKET_CONNECT", min_timeout: "2s" },
  ],
};

function monitor(name: string, type: string, config: object): object {
  const typed_config = { "@type": `type.googleapis.com/envoy.extensions.resource_monitors.${type}`, ...config };
  return { name: `envoy.resource_monitors.${name}`, typed_config };
}

function action(name: string, trigger: object): object {
  return {
    name: `envoy.overload_actions.${name}`,
    triggers: [{ name: `envoy.resource_monitors.${heap}`, ...trigger }],
  };
}
