/**
 * What one proxy lets its clients and backends have of it. Counts hold for each proxy by itself: a fleet of three lets a backend
 * have three times as much.
 */
export interface ProxyLimits {
  /** Of one port of one Service: what a backend that hangs can keep. Beyond it requests are answered 503 at once. */
  readonly backend?: {
    /** Connections to it. On HTTP/1.1 each request has one of its own as long as it lasts, and so has each WebSocket. */
    readonly maxConnections?: number;
    /** Requests that wait for a connection. */
    readonly maxPendingRequests?: number;
    /** Requests that it has not answered completely. */
    readonly maxRequests?: number;
    /** Retries at the same time, in percent of the requests at the same time. */
    readonly retryBudgetPercent?: number;
    /** So many retries at the same time are always allowed. */
    readonly minRetryConcurrency?: number;
  };
  /** Of one listener; those of a Gateway that share a port without TLS are one. */
  readonly listener?: {
    /** Connections of clients. */
    readonly maxConnections?: number;
  };
  /** Of one connection of a client. */
  readonly connection?: {
    /** What is buffered in either direction before reading stops; also of connections to backends. */
    readonly bufferBytes?: number;
    /** HTTP/2: requests at the same time. */
    readonly maxConcurrentStreams?: number;
    /** HTTP/2: what may be sent before it is read, on one stream and on all of a connection. */
    readonly initialStreamWindowBytes?: number;
    readonly initialConnectionWindowBytes?: number;
    /** Without a request. */
    readonly idleTimeoutSeconds?: number;
    /** Of a request on which nothing moves: what ends one whose backend hangs. */
    readonly streamIdleTimeoutSeconds?: number;
    /** For a client to send the headers of a request. */
    readonly requestHeadersTimeoutSeconds?: number;
    readonly maxRequestHeadersKiB?: number;
  };
  /** Of the whole process. */
  readonly proxy?: {
    /** Connections of clients. */
    readonly maxConnections?: number;
    /** The heap at which it takes no more. */
    readonly maxHeapMiB?: number;
  };
}

/** The same with every default filled in. */
export type EffectiveLimits = {
  readonly [Group in keyof ProxyLimits]-?: Required<NonNullable<ProxyLimits[Group]>>;
};

/** The path of each limit in GatewayParameters. */
export type LimitField = {
  readonly [Group in keyof EffectiveLimits]: `limits.${Group}.${keyof EffectiveLimits[Group] & string}`;
}[keyof EffectiveLimits];

/** Every {@link LimitField}. */
export const limitFields = Object.keys({
  "limits.backend.maxConnections": true,
  "limits.backend.maxPendingRequests": true,
  "limits.backend.maxRequests": true,
  "limits.backend.retryBudgetPercent": true,
  "limits.backend.minRetryConcurrency": true,
  "limits.listener.maxConnections": true,
  "limits.connection.bufferBytes": true,
  "limits.connection.maxConcurrentStreams": true,
  "limits.connection.initialStreamWindowBytes": true,
  "limits.connection.initialConnectionWindowBytes": true,
  "limits.connection.idleTimeoutSeconds": true,
  "limits.connection.streamIdleTimeoutSeconds": true,
  "limits.connection.requestHeadersTimeoutSeconds": true,
  "limits.connection.maxRequestHeadersKiB": true,
  "limits.proxy.maxConnections": true,
  "limits.proxy.maxHeapMiB": true,
} satisfies Record<LimitField, true>) as readonly LimitField[]; // keys of a literal table
