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
  circuitBreakerRequests: {
    value: 100_000,
    why: "Envoy's own limit of 1,024 connections and requests per cluster is met by normal load; this one is not.",
  },
  circuitBreakerRetries: {
    value: 10_000,
    why: "Retries at the same time per cluster: Envoy's own limit of 3 makes retries fail as soon as they are needed.",
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
  circuitBreakerRequests: edgeDefaults.circuitBreakerRequests.value,
  circuitBreakerRetries: edgeDefaults.circuitBreakerRetries.value,
};
