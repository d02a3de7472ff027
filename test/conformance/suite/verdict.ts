import type { SuiteTest } from "./catalogue.ts";
import type { TestResult } from "./test-output.ts";

/** What a run of the suite comes to. */
export interface Verdict {
  readonly passed: number;
  /** One line for each thing that makes the run fail. */
  readonly problems: readonly string[];
  readonly skipped: number;
}

export interface RunOutcome {
  /** The tests that must pass. */
  readonly wanted: readonly SuiteTest[];
  /** The tests that must be left out. */
  readonly left: readonly SuiteTest[];
  readonly results: ReadonlyMap<string, TestResult>;
  /** The exit code of the suite's program. */
  readonly code: number;
}

/** Every test of the suite either passes or is left out, as it was meant to: anything else fails the run. */
export function judge({ wanted, left, results, code }: RunOutcome): Verdict {
  const outcomeOf = ({ name }: SuiteTest): string => results.get(name)?.outcome ?? "did not come to an end";
  const known = new Set([...wanted, ...left].map(({ name }) => name));
  const unknown = [...results.keys()].filter((name) => !known.has(name));
  const problems = [
    ...wanted.filter((test) => outcomeOf(test) !== "passed").map((test) => `${test.name} ${outcomeOf(test)}`),
    ...left
      .filter((test) => outcomeOf(test) !== "skipped")
      .map((test) => `${test.name} ${outcomeOf(test)}, and is to be left out`),
    ...unknown.map((name) => `${name} is not in the suite's catalogue`),
  ];
  const hasFailure = [...results.values()].some(({ outcome }) => outcome === "failed");
  if (code !== 0 && !hasFailure) problems.push("the suite failed outside of its tests, in its set-up or its clean-up");
  const count = (tests: readonly SuiteTest[], outcome: string): number =>
    tests.filter((test) => outcomeOf(test) === outcome).length;
  return { passed: count(wanted, "passed"), problems, skipped: count(left, "skipped") };
}

/** What a whole run counts: all tests but those of meshes. A suite of another size is not the one that we claim to pass. */
export const wholeSuite = { passed: 147, skipped: 23 } as const;

/** Compares a whole run's counts with those that we claim. */
export function countProblems({ passed, skipped }: Pick<Verdict, "passed" | "skipped">): readonly string[] {
  if (passed === wholeSuite.passed && skipped === wholeSuite.skipped) return [];
  return [
    `${passed} tests passed and ${skipped} were left out; it has to be ${wholeSuite.passed} and ${wholeSuite.skipped}`,
  ];
}
