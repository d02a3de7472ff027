/**
 * What every gateway does at the edge unless its class says otherwise: one row for each decision, with its reason. Each row
 * has a test on a real Envoy. https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge
 */
export const edgeDefaults = {
  routeTimeoutMs: {
    value: 0,
    why: "A route has no timeout unless it asks for one; Envoy's own 15 s would cut downloads and long polls. 0 is none.",
  },
  streamIdleTimeoutMs: {
    value: 300_000,
    why: "A stream on which nothing moves for 5 minutes is dead: it would hold its memory for ever.",
  },
  requestHeadersTimeoutMs: {
    value: 10_000,
    why: "A client that sends its headers a byte at a time holds a connection; ten seconds suffice for any real one.",
  },
  handshakeTimeoutMs: {
    value: 10_000,
    why: "The same for a client that starts TLS and does not finish it.",
  },
  idleConnectionTimeoutMs: {
    value: 3_600_000,
    why: "A connection without requests is closed after an hour, Envoy's own default made visible.",
  },
  trustedHops: {
    value: 0,
    why: "X-Forwarded-For is what the client claims, unless so many proxies of the operator's stand in front.",
  },
  believesEnvoyHeaders: {
    value: false,
    why: "x-envoy-* request headers change timeouts and retries; from clients, also those in private networks, they are dropped.",
  },
  tlsMinimumVersion: {
    value: "TLSv1_2",
    why: "TLS 1.0 and 1.1 are deprecated by RFC 8996.",
  },
  normalizePath: {
    value: true,
    why: "`/a/../b` must meet the route and the policy of `/b`: routes and backends have to see the same path.",
  },
  mergeSlashes: {
    value: true,
    why: "`//admin` must not slip past a route for `/admin` to a backend that reads both alike.",
  },
  escapedSlashes: {
    value: "UNESCAPE_AND_REDIRECT",
    why: "%2F and %5C are slashes to some backends and not to others; the client is sent to the path that is meant.",
  },
  underscoresInHeaders: {
    value: "REJECT_REQUEST",
    why: "Some backends read `x_user` as `x-user`, which would smuggle a header past whoever sets or removes the latter.",
  },
  maxRequestHeadersKiB: {
    value: 60,
    why: "Bounds the memory of one request before it is routed; larger ones answer 431.",
  },
  maxRequestHeaders: {
    value: 100,
    why: "Bounds the work that one request can ask for; more answer 431.",
  },
  http2MaxConcurrentStreams: {
    value: 100,
    why: "One HTTP/2 connection must not take all the memory that its streams' buffers may fill.",
  },
  http2StreamWindowBytes: {
    value: 65_536,
    why: "What a client may send on one stream before a backend reads it: Envoy's own 256 MiB would be its to fill.",
  },
  http2ConnectionWindowBytes: {
    value: 1_048_576,
    why: "The same for all streams of a connection.",
  },
  connectionBufferBytes: {
    value: 65_536,
    why: "Soft limit of what one connection buffers, on either side; it also bounds the bodies that retries can repeat.",
  },
  maxConnections: {
    value: 50_000,
    why: "Clients' connections per proxy, so that a flood ends in refused connections and not in lack of memory or files.",
  },
  connectTimeoutMs: {
    value: 5_000,
    why: "A backend in the same network that has not answered a SYN for five seconds will not; longer only queues requests.",
  },
  backendConnections: {
    value: 4_096,
    why: "Connections to one backend: what one that hangs can keep of the proxy's memory and files. WebSockets need one each.",
  },
  backendPendingRequests: {
    value: 16_384,
    why: "Requests that wait for such a connection, which costs memory; a client that is refused asks again at once, which costs everybody's CPU.",
  },
  backendRequests: {
    value: 20_480,
    why: "As many as on HTTP/1.1 are under way and wait, where requests share connections: on HTTP/2 none waits.",
  },
  retryBudgetPercent: {
    value: 20,
    why: "Retries to one backend at the same time, of its requests at the same time: a backend that fails gets little more to do for it.",
  },
  minRetryConcurrency: {
    value: 50,
    why: "So many are always allowed: Envoy's own 3 make retries fail as soon as they are needed.",
  },
  listenerConnections: {
    value: 40_000,
    why: "Clients' connections to one listener, four fifths of the proxy's: others can still be reached when one is flooded.",
  },
  maxHeapMiB: {
    value: 4_096,
    why: "At this heap a proxy takes no more. In a pod it is nine tenths of the memory limit, where there is one.",
  },
  acceptsPerEvent: {
    value: 1,
    why: "A thousand clients that connect at once take turns with those that are connected.",
  },
  requestsPerCycle: {
    value: 1,
    why: "A connection with a hundred requests ready takes turns with the others, one request each.",
  },
} as const satisfies Readonly<Record<string, { readonly value: number | boolean | string; readonly why: string }>>;

export type EdgeDefault = keyof typeof edgeDefaults;

type Widened<T> = T extends number
  ? number
  : T extends boolean
    ? boolean
    : T extends "TLSv1_2"
      ? "TLSv1_2" | "TLSv1_3"
      : T extends "UNESCAPE_AND_REDIRECT"
        ? "UNESCAPE_AND_REDIRECT" | "REJECT_REQUEST" | "KEEP_UNCHANGED"
        : T extends "REJECT_REQUEST"
          ? "REJECT_REQUEST" | "DROP_HEADER" | "ALLOW"
          : never;

/** The values that the printers obey. */
export type EdgeSettings = { readonly [K in EdgeDefault]: Widened<(typeof edgeDefaults)[K]["value"]> };

/** The defaults' values. */
export const edgeSettings: EdgeSettings = {
  routeTimeoutMs: edgeDefaults.routeTimeoutMs.value,
  streamIdleTimeoutMs: edgeDefaults.streamIdleTimeoutMs.value,
  requestHeadersTimeoutMs: edgeDefaults.requestHeadersTimeoutMs.value,
  handshakeTimeoutMs: edgeDefaults.handshakeTimeoutMs.value,
  idleConnectionTimeoutMs: edgeDefaults.idleConnectionTimeoutMs.value,
  trustedHops: edgeDefaults.trustedHops.value,
  believesEnvoyHeaders: edgeDefaults.believesEnvoyHeaders.value,
  tlsMinimumVersion: edgeDefaults.tlsMinimumVersion.value,
  normalizePath: edgeDefaults.normalizePath.value,
  mergeSlashes: edgeDefaults.mergeSlashes.value,
  escapedSlashes: edgeDefaults.escapedSlashes.value,
  underscoresInHeaders: edgeDefaults.underscoresInHeaders.value,
  maxRequestHeadersKiB: edgeDefaults.maxRequestHeadersKiB.value,
  maxRequestHeaders: edgeDefaults.maxRequestHeaders.value,
  http2MaxConcurrentStreams: edgeDefaults.http2MaxConcurrentStreams.value,
  http2StreamWindowBytes: edgeDefaults.http2StreamWindowBytes.value,
  http2ConnectionWindowBytes: edgeDefaults.http2ConnectionWindowBytes.value,
  connectionBufferBytes: edgeDefaults.connectionBufferBytes.value,
  maxConnections: edgeDefaults.maxConnections.value,
  connectTimeoutMs: edgeDefaults.connectTimeoutMs.value,
  backendConnections: edgeDefaults.backendConnections.value,
  backendPendingRequests: edgeDefaults.backendPendingRequests.value,
  backendRequests: edgeDefaults.backendRequests.value,
  retryBudgetPercent: edgeDefaults.retryBudgetPercent.value,
  minRetryConcurrency: edgeDefaults.minRetryConcurrency.value,
  listenerConnections: edgeDefaults.listenerConnections.value,
  maxHeapMiB: edgeDefaults.maxHeapMiB.value,
  acceptsPerEvent: edgeDefaults.acceptsPerEvent.value,
  requestsPerCycle: edgeDefaults.requestsPerCycle.value,
};
