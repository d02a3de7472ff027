import { expect } from "vitest";
import { isNotMore, type Measure } from "./measure.ts";
import type { SoakCheck, SoakPlan, SoakReport } from "./soak.ts";

const mostRssMiB = 600;
const mostConvergedMs = 5000;
const hourSeconds = 3600;
/** What a collector leaves behind now and then, where a run is too short for a slope. */
const shortRunMiB = 12;

/** Tells how a soak went, and that nothing has grown and nobody holds anything else than what is wanted. */
export function expectCalm(report: SoakReport, plan: SoakPlan): void {
  const { checks, empty, edits, troubles, losesPackets } = report;
  const growth = slopeOf(checks);
  const worst = Math.max(...checks.map(({ convergedMs }) => convergedMs));
  const rss = Math.max(...checks.map(({ measure }) => measure.rssMiB));
  console.log(
    `fault 25: ${plan.seconds} s, ${edits} edits, ${JSON.stringify(troubles)}, ${losesPackets ? "1 % of packets lost" : "no packet lost: no network of its own here"}; ` +
      `${checks.length} checks, converged in ${worst.toFixed(0)} ms at worst, RSS ${rss.toFixed(0)} MiB, heap ${heaps(checks)} MiB` +
      `${growth === undefined ? "" : `, ${growth.toFixed(2)} MiB an hour`}`,
  );
  expect(report.differences.slice(0, 20)).toEqual([]);
  expect(report.isRunning).toBe(true);
  // Nobody is sent away but who reads nothing for long; above all not because a clock was set.
  expect(troubles.ended).toBeLessThanOrEqual(troubles.longStalls);
  expect(worst).toBeLessThanOrEqual(mostConvergedMs);
  expect(rss).toBeLessThanOrEqual(mostRssMiB);
  expect(checks.map(({ streams }) => streams)).toEqual(checks.map(() => plan.proxies));
  expectBaseline(checks, empty);
  if (growth !== undefined) expect(growth).toBeLessThanOrEqual(1);
  else expect(heapOf(checks.at(-1))).toBeLessThanOrEqual(heapOf(checks[1]) + shortRunMiB);
}

/** No more is open at a check than at the first one; and without proxies, no more than before them. */
function expectBaseline(checks: readonly SoakCheck[], empty: SoakReport["empty"]): void {
  const [first] = checks;
  if (first === undefined) throw new Error("nothing was ever looked at");
  for (const { measure } of checks) expectNoMore(measure, first.measure);
  expectNoMore(empty.after, empty.before);
  expect(empty.streams).toBe(0);
}

function expectNoMore(measure: Measure, baseline: Measure): void {
  expect(isNotMore(measure, baseline), `${JSON.stringify(measure)}, at first ${JSON.stringify(baseline)}`).toBe(true);
}

/** Of the heap, MiB an hour, from the second hour on; undefined in a run that is shorter. */
function slopeOf(checks: readonly SoakCheck[]): number | undefined {
  const late = checks.filter(({ atSeconds }) => atSeconds >= hourSeconds);
  const [first, last] = [late[0], late.at(-1)];
  if (first === undefined || last === undefined || last.atSeconds - first.atSeconds < hourSeconds) return undefined;
  const mean = (of: (check: SoakCheck) => number) => late.reduce((sum, check) => sum + of(check), 0) / late.length;
  const [time, heap] = [mean(({ atSeconds }) => atSeconds), mean(heapOf)];
  const above = late.reduce((sum, check) => sum + (check.atSeconds - time) * (heapOf(check) - heap), 0);
  const below = late.reduce((sum, check) => sum + (check.atSeconds - time) ** 2, 0);
  return (above / below) * hourSeconds;
}

function heapOf(check: SoakCheck | undefined): number {
  return check?.measure.heapMiB ?? Number.NaN;
}

function heaps(checks: readonly SoakCheck[]): string {
  return checks.map((check) => heapOf(check).toFixed(1)).join(" ");
}
