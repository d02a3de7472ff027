import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { WorkQueue } from "./work-queue.ts";

/** A queue whose clock goes on only with the pieces of work that are done. */
function queueOf() {
  let now = 0;
  const done: number[] = [];
  const queue = new WorkQueue(() => now);
  const piece = (number: number, ms: number) => () => {
    now += ms;
    done.push(number);
  };
  return { queue, done, piece };
}

it("does in a turn of the event loop what fits into 5 ms, in the order in which it came", async () => {
  const { queue, done, piece } = queueOf();
  for (let number = 0; number < 100; number++) queue.add(piece(number, 1));
  const turns: number[] = [];
  while (done.length < 100) {
    await setImmediate();
    turns.push(done.length);
  }
  expect(turns).toEqual(Array.from({ length: 20 }, (_, index) => 5 * (index + 1)));
  expect(done).toEqual(Array.from({ length: 100 }, (_, index) => index));
});

it("does one piece in a turn however long it takes", async () => {
  const { queue, done, piece } = queueOf();
  for (let number = 0; number < 3; number++) queue.add(piece(number, 1_000));
  for (const turn of [1, 2, 3]) {
    await setImmediate();
    expect(done.length).toBe(turn);
  }
});

it("does a lone piece in the turn in which it came, also after it had nothing to do", async () => {
  const { queue, done, piece } = queueOf();
  for (const number of [1, 2, 3]) {
    queue.add(piece(number, 100));
    expect(done.length).toBe(number - 1);
    await setImmediate();
    expect(done.length).toBe(number);
  }
});

it("counts what a piece leaves to be done at once as part of the turn", async () => {
  const { queue, done, piece } = queueOf();
  queue.add(() => process.nextTick(piece(1, 100)));
  queue.add(piece(2, 1));
  await setImmediate();
  expect(done).toEqual([1]);
  await setImmediate();
  expect(done).toEqual([1, 2]);
});

it("takes what is added while it works, behind what waits", async () => {
  const { queue, done, piece } = queueOf();
  queue.add(() => queue.add(piece(2, 1)));
  queue.add(piece(1, 1));
  await setImmediate();
  expect(done).toEqual([1, 2]);
});

it("does nothing more once it is stopped", async () => {
  const { queue, done, piece } = queueOf();
  for (let number = 0; number < 100; number++) queue.add(piece(number, 10));
  await setImmediate();
  queue.stop();
  await setImmediate();
  await setImmediate();
  expect(done).toEqual([0]);
});
