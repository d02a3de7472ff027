import { expect, it } from "vitest";
import { startPhaseClock } from "./phases.ts";

it("tells the set-up, the tests before and after those that wait for one another, and the clean-up apart", () => {
  let minutes = 0;
  const clock = startPhaseClock(() => minutes * 60_000);
  const seeAfter = (more: number, text: string): void => {
    minutes += more;
    clock.see(text);
  };
  seeAfter(1, "=== RUN   TestConformance\n    suite.go:1: Applying base manifests\n");
  seeAfter(1, "=== RUN   TestConformance/Waits\n=== PAUSE TestConformance/Waits\n=== RUN   TestConformance/First\n");
  seeAfter(1, "=== CONT  TestConformance/First/0_part\n--- PASS: TestConformance/First/0_part (60.00s)\n");
  seeAfter(1, "--- PASS: TestConformance/First (120.00s)\n");
  seeAfter(1, "=== CONT  TestConformance/Waits\n=== RUN   TestConformance/Waits/0_part\n");
  seeAfter(4, "--- PASS: TestConformance/Waits (240.00s)\n");
  minutes += 0.5;
  expect(clock.minutes()).toEqual([
    ["base resources", 2],
    ["tests, one after the other", 3],
    ["tests, side by side", 4],
    ["clean-up", 0.5],
  ]);
});

it("knows no phase that was not reached", () => {
  expect(startPhaseClock(() => 0).minutes()).toEqual([["base resources", 0]]);
});
