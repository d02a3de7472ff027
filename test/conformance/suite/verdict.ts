import type { SuiteTest } from "./catalogue.ts";
import type { KnownFailing } from "./known-failing.ts";
import type { TestResult } from "./test-output.ts";

/** What a run of the suite comes to. */
export interface Verdict {
  readonly passed: number;
  /** One line for each thing that makes the run fail. */
  readonly problems: readonly string[];
  /** Tests of the profile that are known to fail, and did or were left out. */
  readonly skipped: number;
}

export interface RunOutcome {
  /** The tests that the run must answer for: a profile's, or the one that was asked for. */
  readonly wanted: readonly SuiteTest[];
  readonly results: ReadonlyMap<string, TestResult>;
  readonly known: KnownFailing;
  /** The exit code of the suite's program. */
  readonly code: number;
}

/**
 * Compares a run with the list of known failures. A test of the profile that was left out has not passed: what a
 * GatewayClass does not claim is to be listed like what fails. Tests of no profile run too, and must not fail.
 */
export function judge({ wanted, results, known, code }: RunOutcome): Verdict {
  const names = new Set(wanted.map((test) => test.name));
  const others = [...results].filter(([name, { outcome }]) => !names.has(name) && outcome !== "skipped");
  const problems: string[] = [];
  let passed = 0;
  let skipped = 0;
  for (const name of [...names, ...others.map(([other]) => other)]) {
    const outcome = results.get(name)?.outcome;
    const isKnown = known.has(name);
    if (outcome === "passed" && isKnown) problems.push(`${name} passes, and is listed as known to fail`);
    else if (outcome === "passed") passed++;
    else if (isKnown) skipped++;
    else problems.push(`${name} ${lacking(outcome)}`);
  }
  const hasFailure = [...results.values()].some(({ outcome }) => outcome === "failed");
  if (code !== 0 && !hasFailure) problems.push("the suite failed outside of its tests, in its set-up or its clean-up");
  return { passed, problems, skipped };
}

function lacking(outcome: "failed" | "skipped" | undefined): string {
  if (outcome === "failed") return "failed";
  return outcome === "skipped" ? "was left out: its features are not claimed" : "did not come to an end";
}
