import { parseTestOutput } from "./test-output.ts";

/** Where the time of the suite goes. */
export interface PhaseClock {
  /** Takes the next piece of output. */
  see(text: string): void;
  /** The minutes of each phase up to now, in order; without those that were not reached. */
  minutes(): readonly (readonly [name: string, minutes: number])[];
}

/** Follows the suite's output; asks `now` for milliseconds. */
export function startPhaseClock(now: () => number): PhaseClock {
  const begins = new Map<string, number>([["base resources", now()]]);
  const enterOnce = (name: string): void => {
    if (!begins.has(name)) begins.set(name, now());
  };
  return {
    see(text) {
      for (const line of text.split("\n")) {
        if (startLine.test(line)) enterOnce("tests, one after the other");
        // Those that may run side by side wait until the last of the others has ended.
        if (continueLine.test(line)) enterOnce("tests, side by side");
      }
      // The last result is the one with nothing but the clean-up behind it.
      if (parseTestOutput(text).size > 0) begins.set("clean-up", now());
    },
    minutes() {
      const order = [...begins].toSorted(([, left], [, right]) => left - right);
      return order.map(([name, start], index) => [name, ((order[index + 1]?.[1] ?? now()) - start) / 60_000]);
    },
  };
}

const startLine = /=== RUN {3}TestConformance\/[^/\s]+$/;
const continueLine = /=== CONT {2}TestConformance\/[^/\s]+$/;
