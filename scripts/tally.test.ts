import { describe, expect, it } from "vitest";
import { addTallies, formatTally, tallyConformance, tallyParts, tallyVitest } from "./tally.ts";

const green = { success: true, numPassedTests: 7, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };

describe("tallyVitest", () => {
  it.each([
    { name: "counts a green run", report: green, want: "7 passed, 0 failed, 0 skipped" },
    {
      name: "counts failed and skipped tests",
      report: { success: false, numPassedTests: 5, numFailedTests: 2, numPendingTests: 1, numTodoTests: 3 },
      want: "5 passed, 2 failed, 4 skipped",
    },
    {
      name: "fails when a file could not be loaded",
      report: { ...green, success: false },
      want: "7 passed, 1 failed, 0 skipped",
    },
    { name: "fails when no test ran", report: { ...green, numPassedTests: 0 }, want: "0 passed, 1 failed, 0 skipped" },
    { name: "fails without a report", report: undefined, want: "0 passed, 1 failed, 0 skipped" },
    { name: "fails with a report that is not one", report: [], want: "0 passed, 1 failed, 0 skipped" },
  ])("$name", ({ report, want }) => {
    expect(formatTally(tallyVitest(report))).toBe(want);
  });
});

it.each([
  ["a green run", { passed: 90, failed: 0, skipped: 13 }, "90 passed, 0 failed, 13 skipped"],
  ["a red run", { passed: 89, failed: 1, skipped: 13 }, "89 passed, 1 failed, 13 skipped"],
  ["a run in which nothing passed", { passed: 0, failed: 0, skipped: 13 }, "0 passed, 1 failed, 13 skipped"],
  ["a run that left nothing", undefined, "0 passed, 1 failed, 0 skipped"],
])("counts %s of the official suite", (_name, result, want) => {
  expect(formatTally(tallyConformance(result))).toBe(want);
});

it("counts every other part as one test, and adds all up", () => {
  const parts = tallyParts([
    { name: "demo", passed: true, minutes: 1 },
    { name: "bench", passed: false, minutes: 1 },
  ]);
  expect(formatTally(addTallies([tallyVitest(green), parts]))).toBe("8 passed, 1 failed, 0 skipped");
});
