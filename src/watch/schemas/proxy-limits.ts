/** What one proxy lets its clients and backends have; see ProxyLimits. */
import type { EffectiveLimits } from "../../core/proxy-limits.ts";
import type { JsonSchema } from "./json-schema.ts";

const backend = {
  maxConnections: {
    ...count({ minimum: 1, maximum: 1_000_000 }),
    description: "Connections to it, of which each WebSocket needs one; 4096 unless told.",
  },
  maxPendingRequests: {
    ...count({ minimum: 1, maximum: 1_000_000 }),
    description: "Requests that wait for a connection; 16384 unless told.",
  },
  maxRequests: {
    ...count({ minimum: 1, maximum: 1_000_000 }),
    description: "Requests under way; 20480 unless told.",
  },
  retryBudgetPercent: {
    ...count({ minimum: 0, maximum: 100 }),
    description: "Retries at the same time, in percent of the requests at the same time; 20 unless told.",
  },
  minRetryConcurrency: {
    ...count({ minimum: 0, maximum: 1_000_000 }),
    description: "So many retries at the same time are always allowed; 50 unless told.",
  },
} as const satisfies LimitSchemas<"backend">;

const listener = {
  maxConnections: {
    ...count({ minimum: 1, maximum: 10_000_000 }),
    description: "Connections of clients; four fifths of proxy.maxConnections unless told.",
  },
} as const satisfies LimitSchemas<"listener">;

const connection = {
  bufferBytes: {
    ...count({ minimum: 16_384, maximum: 16_777_216 }),
    description:
      "What is buffered in either direction before reading stops, also of connections to backends; 65536 unless told.",
  },
  maxConcurrentStreams: {
    ...count({ minimum: 1, maximum: 10_000 }),
    description: "Requests at the same time on a connection with HTTP/2; 100 unless told.",
  },
  initialStreamWindowBytes: {
    ...count({ minimum: 65_535, maximum: 2_147_483_647 }),
    description: "What may be sent on one stream of HTTP/2 before it is read; 65536 unless told.",
  },
  initialConnectionWindowBytes: {
    ...count({ minimum: 65_535, maximum: 2_147_483_647 }),
    description: "The same for all streams of a connection; 1048576 unless told.",
  },
  idleTimeoutSeconds: {
    ...count({ minimum: 1, maximum: 86_400 }),
    description: "How long a connection may be without a request; 3600 unless told.",
  },
  streamIdleTimeoutSeconds: {
    ...count({ minimum: 1, maximum: 86_400 }),
    description: "How long nothing may move on a request, also while its backend is silent; 300 unless told.",
  },
  requestHeadersTimeoutSeconds: {
    ...count({ minimum: 1, maximum: 3600 }),
    description: "How long a client may take to send the headers of a request; 10 unless told.",
  },
  maxRequestHeadersKiB: {
    ...count({ minimum: 8, maximum: 8192 }),
    description: "Size of the headers of a request; 60 unless told.",
  },
} as const satisfies LimitSchemas<"connection">;

const proxy = {
  maxConnections: {
    ...count({ minimum: 1, maximum: 10_000_000 }),
    description: "Connections of clients to all listeners; 50000 unless told. Another value replaces the pods.",
  },
  maxHeapMiB: {
    ...count({ minimum: 64, maximum: 1_048_576 }),
    description:
      "The heap at which a proxy takes no more; nine tenths of the memory limit, or 4096 without one, unless told. Another value replaces the pods.",
  },
} as const satisfies LimitSchemas<"proxy">;

/** `spec.limits` of GatewayParameters, and the same in `spec.bounds`. */
export const limitsSchema = {
  type: "object",
  description: "What each proxy lets its clients and backends have, so that one of them leaves enough for the others.",
  properties: {
    backend: {
      type: "object",
      description: "Of one port of one Service. Beyond it requests are answered 503 at once.",
      properties: backend,
    },
    listener: { type: "object", description: "Of one listener.", properties: listener },
    connection: { type: "object", description: "Of one connection of a client.", properties: connection },
    proxy: { type: "object", description: "Of the whole proxy.", properties: proxy },
  },
} as const satisfies JsonSchema;

/** `spec.bounds.limits` of GatewayParameters: the same numbers, without saying what each has for a default. */
export const limitBoundsSchema = {
  type: "object",
  description: "The most that Gateways may ask for, each limit by itself. What is absent is not bounded.",
  properties: {
    backend: { type: "object", properties: backend },
    listener: { type: "object", properties: listener },
    connection: { type: "object", properties: connection },
    proxy: { type: "object", properties: proxy },
  },
} as const satisfies JsonSchema;

type LimitSchemas<Group extends keyof EffectiveLimits> = Readonly<Record<keyof EffectiveLimits[Group], JsonSchema>>;

function count<Minimum extends number, Maximum extends number>(range: {
  readonly minimum: Minimum;
  readonly maximum: Maximum;
}) {
  return { type: "integer", format: "int32", ...range } as const;
}
