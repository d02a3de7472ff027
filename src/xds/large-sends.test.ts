import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LargeSends, type Permit } from "./large-sends.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const megabyte = 1024 * 1024;

/** Senders that take what they are offered, and a note of who got a permit, in order. */
function start(sends: LargeSends, count: number, bytes = megabyte) {
  const permits = new Map<number, Permit>();
  const order: number[] = [];
  const senders = Array.from({ length: count }, () => ({}));
  const take = (index: number) => {
    const permit = sends.take(senders[index] ?? {}, bytes, () => take(index));
    if (permit === undefined) return;
    permits.set(index, permit);
    order.push(index);
  };
  for (const index of senders.keys()) take(index);
  return { permits, order, senders };
}

it("lets eight be under way, and the others in their order as those are answered", () => {
  const sends = new LargeSends();
  const { permits, order } = start(sends, 12);
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  permits.get(3)?.giveBack();
  permits.get(3)?.giveBack();
  permits.get(0)?.giveBack();
  expect(order.slice(8)).toEqual([8, 9]);
  expect(sends.underWay).toBe(8);
});

it("gives the turn of one that does not answer to the next, after a time that grows with the size", () => {
  const small = new LargeSends();
  const { order } = start(small, 20);
  vi.advanceTimersByTime(370);
  expect(order.length).toBe(8);
  vi.advanceTimersByTime(10);
  expect(order.length).toBe(16);
  vi.advanceTimersByTime(400);
  expect(order.length).toBe(20);
  const big = start(new LargeSends(), 20, 16 * megabyte);
  vi.advanceTimersByTime(2_000);
  expect(big.order.length).toBe(8);
});

it("passes over those who have gone, and those who want nothing any more", () => {
  const sends = new LargeSends();
  const { permits, senders, order } = start(sends, 10);
  sends.forget(senders[8] ?? {});
  let asked = 0;
  sends.take({}, megabyte, () => {
    asked += 1;
  });
  const last = start(sends, 1);
  for (const index of [0, 1]) permits.get(index)?.giveBack();
  expect(order.slice(8)).toEqual([9]);
  expect(asked).toBe(1);
  expect(last.order).toEqual([0]);
});
