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

it("flushes nothing after it was stopped", () => {
  const { time, flushes, debounce } = start();
  debounce.changed();
  time.pass(1);
  debounce.changed();
  debounce.stop();
  time.pass(500);
  expect(flushes).toEqual([0]);
});
