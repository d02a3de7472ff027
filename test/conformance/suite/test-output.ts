/** How one test of the suite went. */
export interface TestResult {
  readonly outcome: "passed" | "failed" | "skipped";
  readonly seconds: number;
}

/** Reads how each test of the suite went from what its binary prints with `-test.v=test2json`; what is cut short is left out. */
export function parseTestOutput(output: string): ReadonlyMap<string, TestResult> {
  const results = new Map<string, TestResult>();
  for (const line of output.split("\n")) {
    const [, word = "", name = "", seconds = ""] = resultLine.exec(line) ?? [];
    const outcome = outcomes.get(word);
    if (outcome !== undefined) results.set(name, { outcome, seconds: Number(seconds) });
  }
  return results;
}

/** One level below the suite's only Go test; its own parts are deeper. A test's last output may lack its line's end. */
const resultLine = /--- (PASS|FAIL|SKIP): TestConformance\/([^/\s]+) \(([\d.]+)s\)\s*$/;

const outcomes = new Map<string, TestResult["outcome"]>([
  ["PASS", "passed"],
  ["FAIL", "failed"],
  ["SKIP", "skipped"],
]);
