import { expect, it } from "vitest";
import type { ProbeSpec } from "./pod.ts";
import { advanceProbe, probeWait, unprobed } from "./probe.ts";

const verdicts = (outcomes: string, probe: ProbeSpec): string => {
  let state = unprobed;
  return [...outcomes]
    .map((letter) => {
      state = advanceProbe(state, letter === "s" ? "success" : "failure", probe);
      return state.verdict === "unknown" ? "?" : state.verdict === "success" ? "S" : "F";
    })
    .join("");
};

it.each([
  { name: "one success is enough by default", outcomes: "s", probe: {}, want: "S" },
  { name: "three failures in a row are needed by default", outcomes: "fff", probe: {}, want: "??F" },
  { name: "what is ready stays so until the threshold", outcomes: "sfffs", probe: {}, want: "SSSFS" },
  { name: "a success between starts the count again", outcomes: "sffsff", probe: {}, want: "SSSSSS" },
  { name: "a success threshold counts in a row", outcomes: "sfss", probe: { successThreshold: 2 }, want: "???S" },
  { name: "a failure threshold of one turns at once", outcomes: "sf", probe: { failureThreshold: 1 }, want: "SF" },
])("$name", ({ outcomes, probe, want }) => {
  expect(verdicts(outcomes, probe)).toBe(want);
});

it("a program that starts is asked every second, one that serves once a period", () => {
  const failed = advanceProbe(unprobed, "failure", {});
  const served = advanceProbe(failed, "success", {});
  expect([probeWait(failed, { periodSeconds: 5 }), probeWait(served, { periodSeconds: 5 })]).toEqual([1000, 5000]);
  expect(probeWait(advanceProbe(served, "failure", {}), { periodSeconds: 5 })).toBe(5000);
});
