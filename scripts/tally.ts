import type { PartResult } from "./parts.ts";

/** Where `make test` leaves the results of the type check and the linter. */
export const checksFile = ".cache/checks.json";

/** Where `make test` leaves vitest's report. */
export const vitestFile = ".cache/vitest.json";

/** Where `make cluster-test` leaves vitest's report. */
export const clusterTestsFile = ".cache/cluster-tests.json";

/** Where `make faults` leaves vitest's report. */
export const faultsFile = ".cache/faults.json";

/** Where `make conformance` leaves what its run came to, for each channel of the CRDs. */
export const conformanceFiles = ["standard", "experimental"].map((name) => `.cache/conformance/${name}/tally.json`);

/** The numbers of the last line of a CI run. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts vitest's tests from its JSON report. A report that is missing or holds no test counts as one failure. */
export function tallyVitest(report: unknown): Tally {
  const passed = numberIn(report, "numPassedTests");
  const failed = numberIn(report, "numFailedTests");
  const skipped = numberIn(report, "numPendingTests") + numberIn(report, "numTodoTests");
  // A file that cannot be loaded fails without a failed test; so does an error outside of every test.
  const isFailure = property(report, "success") !== true || passed === 0;
  return { passed, failed: isFailure ? Math.max(1, failed) : failed, skipped };
}

/** Counts the official suite's tests. A run that left nothing, or in which nothing passed, counts as one failure. */
export function tallyConformance(result: unknown): Tally {
  const passed = numberIn(result, "passed");
  const failed = numberIn(result, "failed");
  return { passed, failed: passed === 0 ? Math.max(1, failed) : failed, skipped: numberIn(result, "skipped") };
}

/** Counts every part as one test. */
export function tallyParts(parts: readonly PartResult[]): Tally {
  const passed = parts.filter((part) => part.passed).length;
  return { passed, failed: parts.length - passed, skipped: 0 };
}

/** Adds tallies up. */
export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce((sum, next) => ({
    passed: sum.passed + next.passed,
    failed: sum.failed + next.failed,
    skipped: sum.skipped + next.skipped,
  }));
}

/** The last line of a CI run. */
export function formatTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function numberIn(report: unknown, name: string): number {
  const value = property(report, name);
  return typeof value === "number" ? value : 0;
}

function property(report: unknown, name: string): unknown {
  return typeof report === "object" && report !== null ? Reflect.get(report, name) : undefined;
}
