import { expect, it } from "vitest";
import { ManualScheduler } from "../../test/support/manual-scheduler.ts";
import { Debounce } from "./debounce.ts";

function start() {
  const time = new ManualScheduler();
  const flushes: number[] = [];
  const debounce = new Debounce(() => flushes.push(time.now()), time);
  return { time, flushes, debounce };
}

it("flushes a change after a quiet time at once and leaves no timer behind", () => {
  const { time, flushes, debounce } = start();
  debounce.changed();
  time.pass(10);
  debounce.changed();
  expect(flushes).toEqual([0, 10]);
  expect(time.timers).toBe(0);
});

it("gathers what follows until ten milliseconds are quiet", () => {
  const { time, flushes, debounce } = start();
  debounce.changed();
  time.pass(3);
  debounce.changed();
  time.pass(9);
  debounce.changed();
  time.pass(50);
  expect(flushes).toEqual([0, 22]);
});

it("lets no change wait longer than a hundred milliseconds", () => {
  const { time, flushes, debounce } = start();
  for (let change = 0; change < 50; change++) {
    debounce.changed();
    time.pass(5);
  }
  expect(flushes).toEqual([0, 105, 205]);
});

it("flushes at once again when a burst has ended", () => {
  const { time, flushes, debounce } = start();
  debounce.changed();
  time.pass(2);
  debounce.changed();
  time.pass(30);
  debounce.changed();
  expect(flushes).toEqual([0, 12, 32]);
});

it("flushes ten times a second where changes never end, and nothing waits longer for that", () => {
  const { time, flushes, debounce } = start();
  for (let change = 0; change < 500; change++) {
    debounce.changed();
    time.pass(20);
  }
  const after = (seconds: number) => flushes.filter((at) => at >= seconds * 1000 && at < (seconds + 1) * 1000).length;
  expect([1, 2, 5, 9].map(after)).toEqual([10, 10, 10, 10]);
  const waits = flushes.slice(1).map((at, index) => at - (flushes[index] ?? 0));
  expect(Math.max(...waits)).toBeLessThanOrEqual(120);
});

it("lets ten edits follow each other at once after a calm time", () => {
  const { time, flushes, debounce } = start();
  for (let edit = 0; edit < 10; edit++) {
    debounce.changed();
    time.pass(15);
  }
  expect(flushes).toEqual([0, 15, 30, 45, 60, 75, 90, 105, 120, 135]);
  time.pass(1000);
  debounce.changed();
  expect(flushes.at(-1)).toBe(1150);
});

it("flushes nothing after it was stopped", () => {
  const { time, flushes, debounce } = start();
  debounce.changed();
  time.pass(1);
  debounce.changed();
  debounce.stop();
  time.pass(500);
  expect(flushes).toEqual([0]);
});
