import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatTally, type Tally } from "../../../scripts/tally.ts";
import type { RunResult } from "../bed/run-inside.ts";
import type { Catalogue } from "./catalogue.ts";
import type { SuiteChoice } from "./choice.ts";
import { keptProblems } from "./kept-report.ts";
import { keptReports, reportName } from "./places.ts";
import { lacksOf, parseReport } from "./report.ts";
import { returnsAtOnce } from "./returns-at-once.ts";
import { parseTestOutput, type TestResult } from "./test-output.ts";
import { countProblems, judge } from "./verdict.ts";

/** What a run has to show. */
export interface SuiteOutcome {
  readonly catalogue: Catalogue;
  readonly choice: SuiteChoice;
  /** How the suite's program ended. */
  readonly ended: Pick<RunResult, "code" | "stdout">;
  readonly resultFolder: string;
}

/** Prints what a run of the suite comes to and answers the exit code. */
export function conclude(outcome: SuiteOutcome): number {
  const { choice, ended, resultFolder } = outcome;
  const results = parseTestOutput(ended.stdout);
  const verdict = judge({ ...choice, results, code: ended.code });
  const problems = [
    ...verdict.problems,
    ...(choice.kind === "whole" ? countProblems(verdict) : []),
    ...(choice.kind === "tests" ? [] : reportProblems(outcome)),
  ];
  if (results.size === 0) console.log(ended.stdout.slice(-4000));
  for (const line of [...slowest(results), ...atOnce(results)]) console.log(line);
  for (const problem of problems) console.log(`PROBLEM  ${problem}`);
  const tally: Tally = { passed: verdict.passed, failed: problems.length, skipped: verdict.skipped };
  writeFileSync(join(resultFolder, "tally.json"), JSON.stringify(tally));
  console.log(`logs: ${resultFolder}`);
  console.log(formatTally(tally));
  return tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}

/** What the report that the run has just made lacks, and where the one of this checkout is not like it. */
function reportProblems({ catalogue, choice, resultFolder }: SuiteOutcome): readonly string[] {
  const file = join(resultFolder, reportName);
  if (!existsSync(file)) return ["the suite has written no report"];
  const report = parseReport(readFileSync(file, "utf8"));
  for (const { name, core, extended } of report.profiles) {
    const { Passed = 0 } = extended?.statistics ?? {};
    console.log(`report   ${name}: ${core.statistics.Passed} core and ${Passed} extended tests passed`);
  }
  const lacks = lacksOf(report, catalogue, choice.profiles);
  // What failed is to be mended before anything is kept.
  return choice.kind === "whole" && lacks.length === 0 ? keptProblems(keptReports, report) : lacks;
}

function slowest(results: ReadonlyMap<string, TestResult>): readonly string[] {
  const ordered = [...results].sort(([, left], [, right]) => right.seconds - left.seconds);
  return ordered.slice(0, 5).map(([name, { seconds }]) => `${seconds.toFixed(1).padStart(6)} s  ${name}`);
}

function atOnce(results: ReadonlyMap<string, TestResult>): readonly string[] {
  return Object.entries(returnsAtOnce)
    .filter(([name]) => results.get(name)?.outcome === "passed")
    .map(([name, feature]) => `at once  ${name}: returns without a check, because ${feature} is supported`);
}
