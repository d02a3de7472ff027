import type { BenchReport, BenchResult, Part } from "./bench-settings.ts";

/** Writes a report as the tables of docs/benchmarks.md. */
export function formatBench({ machine, loadBefore, results }: BenchReport): string {
  const { cpu, cores, memoryGiB, kernel, node } = machine;
  return [
    `Machine: ${cpu}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}; Node ${node}; load before the run ${loadBefore.toFixed(1)}.`,
    table(columns, results.map(row)),
    table(bulkColumns, results.map(bulkRow)),
    ...ratios(results),
  ].join("\n\n");
}

const columns = [
  ...["routes", "replicas", "create to served, p50", "p99", "new Service, p50", "p99"],
  ...["our CPU a change", "Envoy's", "ours at rest, a second", "one of ours resident", "Envoy"],
];

function row(result: BenchResult): readonly string[] {
  const { routes, replicas, existingService, newService, changes } = result;
  return [
    ...[routes.toLocaleString("en"), String(replicas)],
    ...[existingService, newService].flatMap(({ summary }) => [ms(summary.median), ms(summary.p99)]),
    ...[ms(changes.cpuMs.controlPlane), ms(changes.cpuMs.envoy), ms(changes.restMsPerSecond.controlPlane)],
    ...[mib(residentOf(result, "controlPlane")), mib(residentOf(result, "envoy"))],
  ];
}

const bulkColumns = [
  ...[
    "routes",
    "replicas",
    "all created",
    "all statuses written",
    "our CPU a route",
    "Envoy's",
    "API server's",
    "etcd's",
  ],
];

function bulkRow({ routes, replicas, bulk }: BenchResult): readonly string[] {
  const { controlPlane, envoy, apiServer, etcd } = bulk.cpuMsPerRoute;
  const seconds = [bulk.createdSeconds, bulk.statusSeconds].map((value) => `${value.toFixed(1)} s`);
  return [
    ...[routes.toLocaleString("en"), String(replicas)],
    ...seconds,
    ...[controlPlane, envoy, apiServer, etcd].map(ms),
  ];
}

/** Between the fewest routes and the most, for each number of replicas. */
function ratios(results: readonly BenchResult[]): readonly string[] {
  const rows = [...new Set(results.map(({ replicas }) => replicas))].flatMap((replicas) => {
    const bySize = results.filter((each) => each.replicas === replicas).sort((a, b) => a.routes - b.routes);
    const [few, many] = [bySize[0], bySize.at(-1)];
    return few === undefined || many === undefined || few === many ? [] : [ratioRow(few, many)];
  });
  const head = ["routes", "replicas", "p50", "new Service, p50", "statuses", "our CPU", "Envoy's", "resident", "Envoy"];
  return rows.length === 0 ? [] : [table(head, rows)];
}

function ratioRow(few: BenchResult, many: BenchResult): readonly string[] {
  const times = (figure: (result: BenchResult) => number): string => `${(figure(many) / figure(few)).toFixed(2)} times`;
  return [
    `${many.routes.toLocaleString("en")} against ${few.routes.toLocaleString("en")}`,
    String(many.replicas),
    times(({ existingService }) => existingService.summary.median),
    times(({ newService }) => newService.summary.median),
    times(({ bulk }) => bulk.statusSeconds),
    times(({ changes }) => changes.cpuMs.controlPlane),
    times(({ changes }) => changes.cpuMs.envoy),
    times((result) => residentOf(result, "controlPlane")),
    times((result) => residentOf(result, "envoy")),
  ];
}

/** The largest of the processes of a part. */
function residentOf({ memory }: BenchResult, part: Part): number {
  return Math.max(...memory.filter((each) => each.part === part).map(({ residentMiB }) => residentMiB));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function ms(value: number): string {
  return `${Number(value.toPrecision(3))} ms`;
}

function mib(value: number): string {
  return `${value.toFixed(0)} MiB`;
}
