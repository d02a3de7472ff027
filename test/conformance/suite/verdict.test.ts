import { expect, it } from "vitest";
import type { TestResult } from "./test-output.ts";
import { judge } from "./verdict.ts";

type Outcome = TestResult["outcome"];

function run(outcomes: Readonly<Record<string, Outcome>>, known: readonly string[] = [], code = 0) {
  return judge({
    code,
    wanted: ["A", "B"].map((name) => ({ name, features: ["Gateway"], provisional: false })),
    results: new Map(Object.entries(outcomes).map(([name, outcome]) => [name, { outcome, seconds: 1 }])),
    known: new Map(known.map((name) => [name, "reason"])),
  });
}

it("is content when every test of the profile passes", () => {
  expect(run({ A: "passed", B: "passed" })).toEqual({ passed: 2, problems: [], skipped: 0 });
});

it.each<[string, Readonly<Record<string, Outcome>>, readonly string[], readonly string[]]>([
  ["a failure that is not listed", { A: "passed", B: "failed" }, [], ["B failed"]],
  ["a listed test that passes", { A: "passed", B: "passed" }, ["B"], ["B passes, and is listed as known to fail"]],
  ["a test that was left out", { A: "passed", B: "skipped" }, [], ["B was left out: its features are not claimed"]],
  ["a test without an end", { A: "passed" }, [], ["B did not come to an end"]],
  ["a failure beside the profile", { A: "passed", B: "passed", C: "failed" }, [], ["C failed"]],
  ["a run that never began", {}, [], ["A did not come to an end", "B did not come to an end"]],
])("complains of %s", (_name, outcomes, known, problems) => {
  expect(run(outcomes, known).problems).toEqual(problems);
});

it.each<Outcome>(["failed", "skipped"])("counts a listed test that %s as skipped", (outcome) => {
  expect(run({ A: "passed", B: outcome }, ["B"])).toEqual({ passed: 1, problems: [], skipped: 1 });
});

it("counts what passes beside the profile, and leaves out what was left out there", () => {
  expect(run({ A: "passed", B: "passed", C: "passed", D: "skipped" })).toEqual({ passed: 3, problems: [], skipped: 0 });
});

it("complains of a suite that failed although its tests did not", () => {
  const problem = "the suite failed outside of its tests, in its set-up or its clean-up";
  expect(run({ A: "passed", B: "passed" }, [], 1).problems).toEqual([problem]);
  expect(run({ A: "passed", B: "failed" }, ["B"], 1).problems).toEqual([]);
});
