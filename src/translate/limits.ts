/** What a proxy lets its clients and backends have of it: how limits are read, merged, filled in, and told to the printers. */
import type { EffectiveLimits, ProxyLimits } from "../core/proxy-limits.ts";
import { type EdgeSettings, edgeSettings } from "./envoy/edge-defaults.ts";
import { pickFields } from "./pick-fields.ts";

/** What holds where nobody says anything. */
export const defaultLimits: EffectiveLimits = {
  backend: {
    maxConnections: edgeSettings.backendConnections,
    maxPendingRequests: edgeSettings.backendPendingRequests,
    maxRequests: edgeSettings.backendRequests,
    retryBudgetPercent: edgeSettings.retryBudgetPercent,
    minRetryConcurrency: edgeSettings.minRetryConcurrency,
  },
  listener: { maxConnections: edgeSettings.listenerConnections },
  connection: {
    bufferBytes: edgeSettings.connectionBufferBytes,
    maxConcurrentStreams: edgeSettings.http2MaxConcurrentStreams,
    initialStreamWindowBytes: edgeSettings.http2StreamWindowBytes,
    initialConnectionWindowBytes: edgeSettings.http2ConnectionWindowBytes,
    idleTimeoutSeconds: edgeSettings.idleConnectionTimeoutMs / 1000,
    streamIdleTimeoutSeconds: edgeSettings.streamIdleTimeoutMs / 1000,
    requestHeadersTimeoutSeconds: edgeSettings.requestHeadersTimeoutMs / 1000,
    maxRequestHeadersKiB: edgeSettings.maxRequestHeadersKiB,
  },
  proxy: { maxConnections: edgeSettings.maxConnections, maxHeapMiB: edgeSettings.maxHeapMiB },
};

/** The settings that follow from limits. */
export function settingsOf({ backend, listener, connection, proxy }: EffectiveLimits): EdgeSettings {
  return {
    ...edgeSettings,
    backendConnections: backend.maxConnections,
    backendPendingRequests: backend.maxPendingRequests,
    backendRequests: backend.maxRequests,
    retryBudgetPercent: backend.retryBudgetPercent,
    minRetryConcurrency: backend.minRetryConcurrency,
    listenerConnections: listener.maxConnections,
    connectionBufferBytes: connection.bufferBytes,
    http2MaxConcurrentStreams: connection.maxConcurrentStreams,
    http2StreamWindowBytes: connection.initialStreamWindowBytes,
    http2ConnectionWindowBytes: connection.initialConnectionWindowBytes,
    idleConnectionTimeoutMs: connection.idleTimeoutSeconds * 1000,
    streamIdleTimeoutMs: connection.streamIdleTimeoutSeconds * 1000,
    requestHeadersTimeoutMs: connection.requestHeadersTimeoutSeconds * 1000,
    maxRequestHeadersKiB: connection.maxRequestHeadersKiB,
    maxConnections: proxy.maxConnections,
    maxHeapMiB: proxy.maxHeapMiB,
  };
}

/** The settings of a proxy of which only some limits are told. */
export function settingsWithin(limits: ProxyLimits): EdgeSettings {
  return settingsOf(completeLimits(limits));
}

/** What limits depend on besides themselves. */
export interface LimitContext {
  /** What Gateways may ask for at most: defaults stay within it. */
  readonly most?: ProxyLimits | undefined;
  /** The memory limit of the proxies' containers, as Kubernetes spells it. */
  readonly memory?: string | undefined;
}

/**
 * Fills in the defaults. The heap follows from the container's memory, the counts from the heap where it is small, and a
 * listener's share from the proxy's connections.
 */
export function completeLimits(given: ProxyLimits = {}, { most = {}, memory }: LimitContext = {}): EffectiveLimits {
  const heap = { maxHeapMiB: defaultLimits.proxy.maxHeapMiB, ...heapWithin(memory) };
  const { maxHeapMiB } = filled(heap, given.proxy, most.proxy);
  const counted = (count: number) => Math.max(1, Math.floor(count * Math.min(1, maxHeapMiB / heapOfAllCounts)));
  const connections = { maxConnections: counted(defaultLimits.proxy.maxConnections) };
  const proxy = { ...filled(connections, given.proxy, most.proxy), maxHeapMiB };
  const listener = { maxConnections: Math.max(1, Math.floor(proxy.maxConnections * shareOfOneListener)) };
  const backend = {
    ...defaultLimits.backend,
    maxConnections: counted(defaultLimits.backend.maxConnections),
    maxPendingRequests: counted(defaultLimits.backend.maxPendingRequests),
    maxRequests: counted(defaultLimits.backend.maxRequests),
  };
  return {
    backend: filled(backend, given.backend, most.backend),
    listener: filled(listener, given.listener, most.listener),
    connection: filled(defaultLimits.connection, given.connection, most.connection),
    proxy,
  };
}

/** Copies those limits that are to be kept. */
export function pickLimits(limits: ProxyLimits, keeps: (field: string) => boolean): ProxyLimits {
  const { backend, listener, connection, proxy } = limits;
  return {
    ...(backend && { backend: pickFields("limits.backend", backend, keeps) }),
    ...(listener && { listener: pickFields("limits.listener", listener, keeps) }),
    ...(connection && { connection: pickFields("limits.connection", connection, keeps) }),
    ...(proxy && { proxy: pickFields("limits.proxy", proxy, keeps) }),
  };
}

/** Merges limit by limit. */
export function mergeLimits(under: ProxyLimits = {}, over: ProxyLimits = {}): ProxyLimits {
  return {
    backend: { ...under.backend, ...over.backend },
    listener: { ...under.listener, ...over.listener },
    connection: { ...under.connection, ...over.connection },
    proxy: { ...under.proxy, ...over.proxy },
  };
}

/** The limits that are set, by their paths. */
export function limitValues(limits: ProxyLimits): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(limits).flatMap(([group, fields]) =>
      Object.entries<number | undefined>(fields ?? {}).flatMap(([name, value]) =>
        value === undefined ? [] : [[`limits.${group}.${name}`, value] as const],
      ),
    ),
  );
}

/**
 * With a smaller heap there are fewer of everything. So large, the requests that one hanging backend keeps take a quarter of it
 * (measured: 20 to 36 KB each with the connection of the client), and 50,000 idle connections a third.
 */
const heapOfAllCounts = 2560;

/** The others of a Gateway keep a fifth, whatever the clients of one listener do. */
const shareOfOneListener = edgeSettings.listenerConnections / edgeSettings.maxConnections;

function filled<T extends { readonly [Name in keyof T]: number }>(
  defaults: T,
  given: Partial<T> = {},
  most: Partial<T> = {},
): T {
  const names = Object.keys(defaults) as (keyof T)[]; // the keys of the record itself
  const entries = names.map((name) => [name, given[name] ?? Math.min(defaults[name], most[name] ?? defaults[name])]);
  return Object.fromEntries(entries) as T; // every field of the defaults has a value
}

/** What is left of the memory is for stacks, buffers of the kernel, and the time that it takes to give memory back. */
const heapShareOfMemory = 0.9;
const leastHeapMiB = 64;

function heapWithin(memory: string | undefined): { readonly maxHeapMiB?: number } {
  const bytes = bytesOf(memory ?? "");
  if (bytes === undefined) return {};
  return { maxHeapMiB: Math.max(leastHeapMiB, Math.floor((bytes * heapShareOfMemory) / 1_048_576)) };
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/, as far as the schema lets it. */
function bytesOf(quantity: string): number | undefined {
  const [, amount, suffix = ""] = /^([0-9]+(?:\.[0-9]+)?)([a-zA-Z]*)$/.exec(quantity) ?? [];
  const unit = units.get(suffix);
  return amount === undefined || unit === undefined ? undefined : Number(amount) * unit;
}

const units: ReadonlyMap<string, number> = new Map([
  ["m", 0.001],
  ...["", "k", "M", "G", "T", "P"].map((suffix, power) => [suffix, 1000 ** power] as const),
  ...["Ki", "Mi", "Gi", "Ti", "Pi"].map((suffix, power) => [suffix, 1024 ** (power + 1)] as const),
]);
