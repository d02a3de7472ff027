import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** The kinds of metrics by what they can be told. */
type Type = "counter" | "gauge" | "histogram";

/**
 * One metric as it is offered. Labels have few values: kinds, types and outcomes, never names of objects; of namespaces only
 * those of which there is something to tell right now, of Gateways a limited number.
 */
export interface MetricDefinition {
  readonly name: string;
  readonly type: Type;
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

/** Every metric of ours: what is not in this table is not measured. */
export const metricDefinitions = {
  buildInfo: {
    name: "gatehouse_build_info",
    type: "gauge",
    help: "1, with the version as a label",
    labels: ["version"],
  },
  ready: { name: "gatehouse_ready", type: "gauge", help: "1 once every source was read and translated", labels: [] },
  leader: { name: "gatehouse_leader", type: "gauge", help: "1 while this replica leads, and so writes", labels: [] },
  objects: { name: "gatehouse_objects", type: "gauge", help: "Objects that are watched, by kind", labels: ["kind"] },
  sourceProblems: {
    name: "gatehouse_source_problems",
    type: "gauge",
    help: "Files and objects that could not be read, and kinds that the API server does not let us read",
    labels: [],
  },
  flushSeconds: {
    name: "gatehouse_flush_duration_seconds",
    type: "histogram",
    help: "CPU-bound time from changed objects to encoded resources and statuses",
    labels: [],
    buckets: seconds,
  },
  eventLoopDelay: {
    name: "gatehouse_event_loop_delay_seconds",
    type: "gauge",
    help: "How long the event loop kept what was due waiting since the last scrape: the median, the 99th percentile, the longest",
    labels: ["quantile"],
  },
  transformFailures: {
    name: "gatehouse_transform_failures",
    type: "gauge",
    help: "Transforms that failed at their last run and keep their last good output: faults in Gatehouse",
    labels: [],
  },
  resources: { name: "gatehouse_resources", type: "gauge", help: "Envoy resources, by type", labels: ["type"] },
  resourceChanges: {
    name: "gatehouse_resource_changes_total",
    type: "counter",
    help: "Envoy resources that were added, replaced or removed, by type",
    labels: ["type"],
  },
  xdsStreams: { name: "gatehouse_xds_streams", type: "gauge", help: "Connected proxies", labels: [] },
  xdsStuckStreams: {
    name: "gatehouse_xds_streams_stuck",
    type: "gauge",
    help: "Connected proxies that owe an answer to a response for 30 seconds",
    labels: [],
  },
  xdsResponses: {
    name: "gatehouse_xds_responses_total",
    type: "counter",
    help: "Responses sent to proxies, by type of resource",
    labels: ["type"],
  },
  xdsResponseBytes: {
    name: "gatehouse_xds_response_bytes_total",
    type: "counter",
    help: "Bytes of the responses sent to proxies, by type of resource",
    labels: ["type"],
  },
  xdsRefusals: {
    name: "gatehouse_xds_refusals_total",
    type: "counter",
    help: "Responses that a proxy refused, by type of resource",
    labels: ["type"],
  },
  quarantined: {
    name: "gatehouse_quarantined",
    type: "gauge",
    help: "Parts of objects that proxies have refused and are not sent again, by kind of object",
    labels: ["kind"],
  },
  delayedChanges: {
    name: "gatehouse_delayed_changes",
    type: "gauge",
    help: "Objects whose newest version waits because their namespace makes too many changes a minute, by namespace",
    labels: ["namespace"],
  },
  objectsConverged: {
    name: "gatehouse_objects_converged",
    type: "gauge",
    help: "Objects whose present generation every proxy of the Gateway that is connected to this replica has had; of Gateways with proxies here",
    labels: ["gateway", "kind"],
  },
  objectsPending: {
    name: "gatehouse_objects_pending",
    type: "gauge",
    help: "Objects whose present generation a proxy of the Gateway that is connected to this replica has not acknowledged yet",
    labels: ["gateway", "kind"],
  },
  statusUpdates: {
    name: "gatehouse_status_updates_total",
    type: "counter",
    help: "Statuses that were translated anew, by whether that changed what is written",
    labels: ["outcome"],
  },
  statusWrites: {
    name: "gatehouse_status_writes",
    type: "gauge",
    help: "Statuses on their way to the API server: queued, waiting for their time, or in flight (busy)",
    labels: ["state"],
  },
  claims: {
    name: "gatehouse_claims",
    type: "gauge",
    help: "Hostnames and paths that are held, with a record or without (unrecorded), or wanted and not held yet (open)",
    labels: ["state"],
  },
  recordWrites: {
    name: "gatehouse_hostname_record_writes_total",
    type: "counter",
    help: "Writes of HostnameRecords, by what was to be done and whether it was written, lost to whoever was first, or failed",
    labels: ["action", "outcome"],
  },
  admissionReviews: {
    name: "gatehouse_admission_reviews_total",
    type: "counter",
    help: "Objects that the API server has asked about, by what became of them: allowed, warned, refused, unjudged or failed",
    labels: ["outcome"],
  },
} as const satisfies Record<string, MetricDefinition>;

type Definitions = typeof metricDefinitions;
type Instruments = { readonly counter: Counter; readonly gauge: Gauge; readonly histogram: Histogram };

/** The instruments by the names of the table. */
export type Metrics = { readonly [K in keyof Definitions]: Instruments[Definitions[K]["type"]] } & {
  /** All metrics in the text format of Prometheus. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
};

/** Makes a set of instruments with a registry of their own, so that two apps in one process do not add up. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const instruments = Object.entries(metricDefinitions).map(([key, definition]) => [key, create(definition, registry)]);
  const render = async () => ({ contentType: registry.contentType, body: await registry.metrics() });
  // Object.entries forgets which key has which type; `create` goes by that very type.
  return { ...Object.fromEntries(instruments), render } as Metrics;
}

function create(
  { name, type, help, labels, buckets }: MetricDefinition,
  registry: Registry,
): Counter | Gauge | Histogram {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  switch (type) {
    case "counter":
      return new Counter(options);
    case "gauge":
      return new Gauge(options);
    case "histogram":
      return new Histogram(buckets === undefined ? options : { ...options, buckets: [...buckets] });
  }
}
