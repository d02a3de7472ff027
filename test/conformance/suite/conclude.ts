import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatTally, type Tally } from "../../../scripts/tally.ts";
import type { RunResult } from "../bed/run-inside.ts";
import type { Catalogue, SuiteTest } from "./catalogue.ts";
import { listProblems, parseKnownFailing } from "./known-failing.ts";
import { resultFolder } from "./places.ts";
import { parseTestOutput, type TestResult } from "./test-output.ts";
import { judge } from "./verdict.ts";

/** What a run has to show. */
export interface SuiteOutcome {
  readonly catalogue: Catalogue;
  /** The tests that the run must answer for. */
  readonly wanted: readonly SuiteTest[];
  /** How the suite's program ended. */
  readonly ended: Pick<RunResult, "code" | "stdout">;
}

/** Prints what a run of the suite comes to and answers the exit code. */
export function conclude({ catalogue, wanted, ended }: SuiteOutcome): number {
  const known = parseKnownFailing(readFileSync(new URL("../known-failing.txt", import.meta.url), "utf8"));
  const results = parseTestOutput(ended.stdout);
  const verdict = judge({ wanted, results, known, code: ended.code });
  const problems = [...listProblems(known, catalogue.tests), ...verdict.problems];
  if (results.size === 0) console.log(ended.stdout.slice(-4000));
  for (const line of slowest(results)) console.log(line);
  for (const { name } of wanted) {
    const reason = known.get(name);
    if (reason !== undefined) console.log(`left out  ${name}: ${reason}`);
  }
  for (const problem of problems) console.log(`PROBLEM  ${problem}`);
  const tally: Tally = { passed: verdict.passed, failed: problems.length, skipped: verdict.skipped };
  writeFileSync(join(resultFolder, "tally.json"), JSON.stringify(tally));
  console.log(`logs: ${resultFolder}`);
  console.log(formatTally(tally));
  return tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}

function slowest(results: ReadonlyMap<string, TestResult>): readonly string[] {
  const ordered = [...results].sort(([, left], [, right]) => right.seconds - left.seconds);
  return ordered.slice(0, 5).map(([name, { seconds }]) => `${seconds.toFixed(1).padStart(6)} s  ${name}`);
}
