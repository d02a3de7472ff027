/** `node scripts/metrics-page.ts` writes docs/metrics.md. */
import { writeFileSync } from "node:fs";
import { proxyPorts } from "../src/core/fleet.ts";
import { type MetricDefinition, metricDefinitions } from "../src/metrics.ts";

/** The page of metrics: the table of ours from the one that they are made from. */
export function metricsPage(): string {
  const definitions: readonly MetricDefinition[] = Object.values(metricDefinitions);
  return [...before, ...definitions.map(rowOf), ...after, ""].join("\n");
}

function rowOf({ name, type, help, labels }: MetricDefinition): string {
  const named = labels.map((label) => `\`${label}\``).join(", ");
  return `| \`${name}\` | ${type} | ${named} | ${help} |`;
}

const before = [
  "# Metrics",
  "",
  "Every replica, and `gatehouse serve`, answers `/metrics` at `--health-address` (port 8081) in the text format of Prometheus. Made from",
  "`src/metrics.ts` by `node scripts/metrics-page.ts`.",
  "",
  "| metric | type | labels | what it tells |",
  "| --- | --- | --- | --- |",
];

const after = [
  "",
  "Beside them stand those of every Node process, `process_…` and `nodejs_…`. Labels have few values: kinds, types and outcomes, never",
  "names of routes; of [convergence](convergence.md#where-it-is-told) the first 100 Gateways.",
  "",
  "`podMonitor.enabled` of [the chart](../deploy/helm/gatehouse/README.md) has the Prometheus operator read all of it, and",
  "`dashboard.enabled` brings a dashboard for Grafana.",
  "",
  "## What to be woken by",
  "",
  "| expression | what is wrong |",
  "| --- | --- |",
  "| `sum(gatehouse_ready) < 1` | nobody translates; proxies go on with what they have |",
  "| `sum(gatehouse_leader) != 1` in a cluster, for a minute | nobody, or nobody alone, writes statuses and fleets |",
  "| `max(gatehouse_transform_failures) > 0` | a fault in Gatehouse: something keeps its last good output; the log says what |",
  "| `sum(gatehouse_xds_streams_stuck) > 0`, for five minutes | proxies that do not answer |",
  "| `sum(gatehouse_quarantined) > 0` | a proxy refused a part of an object; `kubectl get quarantines` says which ([reliability](reliability.md#when-a-proxy-refuses-something)) |",
  "| `max by (gateway) (gatehouse_objects_pending) > 0`, for ten minutes | proxies of the Gateway do not have what was asked for |",
  "| `max(gatehouse_source_problems) > 0`, for an hour | objects or files that cannot be read |",
  "",
  "## Of the proxies",
  "",
  `Pods of fleets answer \`/stats/prometheus\` at port ${proxyPorts.metrics}, named \`metrics\`: Envoy's own names, for a part of its`,
  "statistics. Those of backends, listeners and [limits](limits.md) are there; those of each hostname are not, as they would take more memory",
  "than its routes. A proxy of your own tells the same at `/stats/prometheus` of its admin address.",
];

if (import.meta.main) writeFileSync(new URL("../docs/metrics.md", import.meta.url), metricsPage());
