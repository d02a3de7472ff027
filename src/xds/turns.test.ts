import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Turns } from "./turns.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("lets ten begin at once, then one each 10 ms in the order in which they came, and ten again after a quiet time", () => {
  const turns = new Turns();
  const begun: number[] = [];
  const take = (from: number, to: number) => {
    for (let index = from; index < to; index++) turns.take(() => begun.push(index));
  };
  take(0, 1_000);
  expect(begun.length).toBe(10);
  vi.advanceTimersByTime(1_000);
  expect(begun.length).toBe(110);
  vi.advanceTimersByTime(8_900);
  expect(begun).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
  vi.advanceTimersByTime(1_000);
  take(1_000, 1_020);
  expect(begun.length).toBe(1_010);
});

it("takes no more than three thousand that wait, and forgets who gives up", () => {
  const turns = new Turns();
  let begun = 0;
  const take = () =>
    turns.take(() => {
      begun += 1;
    });
  for (let index = 0; index < 3_010; index++) expect(take()).toBeDefined();
  expect(take()).toBeUndefined();
  vi.advanceTimersByTime(10);
  const giveUp = take();
  giveUp?.();
  expect(take()).toBeDefined();
  vi.advanceTimersByTime(60_000);
  expect(begun).toBe(3_011);
});

it("ends with everybody's turn", () => {
  const turns = new Turns();
  let begun = 0;
  for (let index = 0; index < 50; index++) {
    turns.take(() => {
      begun += 1;
    });
  }
  turns.end();
  expect(begun).toBe(50);
  expect(vi.getTimerCount()).toBe(0);
});
