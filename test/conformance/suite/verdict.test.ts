import { expect, it } from "vitest";
import type { TestResult } from "./test-output.ts";
import { countProblems, judge, type Verdict } from "./verdict.ts";

type Outcome = TestResult["outcome"];

function run(outcomes: Readonly<Record<string, Outcome>>, code = 0): Verdict {
  const test = (name: string) => ({ name, features: ["Gateway"], provisional: false });
  return judge({
    code,
    wanted: ["A", "B"].map(test),
    left: [test("Mesh")],
    results: new Map(Object.entries(outcomes).map(([name, outcome]) => [name, { outcome, seconds: 1 }])),
  });
}

it("is content when every test passes but those to be left out", () => {
  expect(run({ A: "passed", B: "passed", Mesh: "skipped" })).toEqual({ passed: 2, problems: [], skipped: 1 });
});

it.each<[string, Readonly<Record<string, Outcome>>, readonly string[]]>([
  ["a failure", { A: "passed", B: "failed", Mesh: "skipped" }, ["B failed"]],
  ["a test that was left out", { A: "passed", B: "skipped", Mesh: "skipped" }, ["B skipped"]],
  ["a test without an end", { A: "passed", Mesh: "skipped" }, ["B did not come to an end"]],
  [
    "a test that was to be left out",
    { A: "passed", B: "passed", Mesh: "passed" },
    ["Mesh passed, and is to be left out"],
  ],
  [
    "one that nobody knows",
    { A: "passed", B: "passed", Mesh: "skipped", C: "passed" },
    ["C is not in the suite's catalogue"],
  ],
  [
    "a run that never began",
    {},
    ["A did not come to an end", "B did not come to an end", "Mesh did not come to an end, and is to be left out"],
  ],
])("complains of %s", (_name, outcomes, problems) => {
  expect(run(outcomes).problems).toEqual(problems);
});

it("complains of a suite that failed although its tests did not", () => {
  const problem = "the suite failed outside of its tests, in its set-up or its clean-up";
  expect(run({ A: "passed", B: "passed", Mesh: "skipped" }, 1).problems).toEqual([problem]);
  expect(run({ A: "passed", B: "failed", Mesh: "skipped" }, 1).problems).toEqual(["B failed"]);
});

it.each([
  [147, 23, 0],
  [146, 23, 1],
  [147, 22, 1],
  [148, 23, 1],
])("a whole run with %i passed and %i left out has %i problems", (passed, skipped, problems) => {
  expect(countProblems({ passed, skipped })).toHaveLength(problems);
});
