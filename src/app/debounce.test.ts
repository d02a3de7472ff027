import { expect, it } from "vitest";
import type { Scheduler } from "../core/scheduler.ts";
import { Debounce } from "./debounce.ts";

/** Time that passes only when it is told to. */
class HandTurnedScheduler implements Scheduler {
  #now = 0;
  #tasks: { readonly at: number; readonly task: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, task: () => void): () => void {
    const entry = { at: this.#now + milliseconds, task };
    this.#tasks.push(entry);
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== entry);
    };
  }

  turn(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const due = this.#tasks.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#tasks = this.#tasks.filter((other) => other !== due);
      this.#now = due.at;
      due.task();
    }
    this.#now = end;
  }

  get waiting(): number {
    return this.#tasks.length;
  }
}

function start() {
  const time = new HandTurnedScheduler();
  const flushes: number[] = [];
  const debounce = new Debounce(() => flushes.push(time.now()), time);
  return { time, flushes, debounce };
}

it("flushes a change after a quiet time at once and leaves no timer behind", () => {
  const { time, flushes, debounce } = start();
  debounce.changed();
  time.turn(10);
  debounce.changed();
  expect(flushes).toEqual([0, 10]);
  expect(time.waiting).toBe(0);
});

it("gathers what follows until ten milliseconds are quiet", () => {
  const { time, flushes, debounce } = start();
  debounce.changed();
  time.turn(3);
  debounce.changed();
  time.turn(9);
  debounce.changed();
  time.turn(50);
  expect(flushes).toEqual([0, 22]);
});

it("lets no change wait longer than a hundred milliseconds", () => {
  const { time, flushes, debounce } = start();
  for (let change = 0; change < 50; change++) {
    debounce.changed();
    time.turn(5);
  }
  expect(flushes).toEqual([0, 105, 205]);
});

it("flushes at once again when a burst has ended", () => {
  const { time, flushes, debounce } = start();
  debounce.changed();
  time.turn(2);
  debounce.changed();
  time.turn(30);
  debounce.changed();
  expect(flushes).toEqual([0, 12, 32]);
});

it("flushes nothing after it was stopped", () => {
  const { time, flushes, debounce } = start();
  debounce.changed();
  time.turn(1);
  debounce.changed();
  debounce.stop();
  time.turn(500);
  expect(flushes).toEqual([0]);
});
