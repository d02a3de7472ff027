import type { Report } from "./full.ts";
import type { EnvoyCosts } from "./real-envoy.ts";
import type { SizeCosts } from "./sizes.ts";

/** Writes a report as the Markdown tables of docs/benchmarks.md, the goals with whether they are met. */
export function formatReport(report: Report): string {
  const { cpu, cores, memoryGiB, kernel, node, envoy } = report.machine;
  const sections = [
    `Machine: ${cpu}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}; Node ${node}, Envoy ${envoy}.`,
    table(
      ["shape", "routes", "change, median", "p99", "CPU", "bytes", "full translation", "resident MiB"],
      report.sizes.map(sizeRow),
    ),
    ...(report.envoy.length === 0 ? [] : [table(envoyColumns, report.envoy.map(envoyRow))]),
    table(["goal", "found", "met"], goals(report)),
  ];
  return sections.join("\n\n");
}

const envoyColumns = [
  ...["shape", "routes", "edit to answer, p50", "p99", "Envoy's CPU", "our CPU", "bytes", "Envoy MiB", "our MiB"],
  "start to ready",
];

function sizeRow(costs: SizeCosts): readonly string[] {
  const { shape, routes, change, changeCpuMs, bytes, full, afterChangesMiB } = costs;
  return [
    ...[shape, String(routes), ms(change.median), ms(change.p99), ms(changeCpuMs)],
    ...[String(bytes.median), ms(full.wallMs), afterChangesMiB.toFixed(0)],
  ];
}

function envoyRow(costs: EnvoyCosts): readonly string[] {
  const { shape, routes, served, envoyCpuMs, controlPlaneCpuMs, bytesPerChange, readyMs } = costs;
  return [
    ...[shape, String(routes), ms(served.median), ms(served.p99), ms(envoyCpuMs), ms(controlPlaneCpuMs)],
    ...[bytesPerChange.toFixed(0), costs.envoyMiB.toFixed(0), costs.controlPlaneMiB.toFixed(0), ms(readyMs)],
  ];
}

function goals({ ratio, sizes, envoy }: Report): readonly (readonly string[])[] {
  const five = sizes.find(({ shape, routes }) => shape === "hostnames" && routes === 5_000);
  const paths = sizes.find(({ shape }) => shape === "paths");
  const twenty = envoy.find(({ shape, routes }) => shape === "hostnames" && routes === 20_000);
  return [
    goal("20,000 routes: a change costs at most 1.5 times that of 1,000 (CPU)", ratio.cpu, 1.5, "times"),
    goal("20,000 routes: the same by the clock, medians", ratio.wall, 1.5, "times"),
    goal("20,000 routes: no more bytes than at 1,000", ratio.manyBytes, ratio.fewBytes, "bytes"),
    goal("5,000 routes: a change from event to bytes, CPU", five?.changeCpuMs, 1, "ms"),
    goal("5,000 routes: full translation", five?.full.wallMs, 1_500, "ms"),
    goal("5,000 routes: resident", five?.afterChangesMiB, 250, "MiB"),
    goal("2,000 path prefixes on one hostname: a change, CPU", paths?.changeCpuMs, 5, "ms"),
    goal("20,000 routes: Envoy's CPU for a change", twenty?.envoyCpuMs, 3, "ms"),
  ];
}

function goal(what: string, found: number | undefined, most: number, unit: string): readonly string[] {
  const wanted = `${what}: at most ${most} ${unit}`;
  if (found === undefined) return [wanted, "not measured", "-"];
  return [wanted, `${Number(found.toPrecision(3))} ${unit}`, found <= most ? "yes" : "NO"];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function ms(value: number): string {
  return `${Number(value.toPrecision(3))} ms`;
}
