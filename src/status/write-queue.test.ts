import { expect, it } from "vitest";
import { ManualScheduler } from "../../test/support/manual-scheduler.ts";
import { type Step, WriteQueue } from "./write-queue.ts";

function start(places: number) {
  const scheduler = new ManualScheduler();
  const looks: string[] = [];
  const ends = new Map<string, () => void>();
  const steps = new Map<string, Step>();
  const queue = new WriteQueue<string>({
    places,
    scheduler,
    isUrgent: (key) => key.startsWith("urgent"),
    look: (key) => {
      looks.push(key);
      const work = new Promise<void>((resolve) => ends.set(key, resolve));
      return steps.get(key) ?? { kind: "busy", work };
    },
  });
  const end = async (key: string) => {
    ends.get(key)?.();
    await new Promise(setImmediate);
    scheduler.runDue();
  };
  return { queue, scheduler, looks, steps, end };
}

it("looks at urgent keys first, and at no more at once than there are places", async () => {
  const { queue, scheduler, looks, end } = start(2);
  for (const key of ["a", "b", "urgent", "c"]) queue.add(key);
  scheduler.runDue();
  expect(looks).toEqual(["urgent", "a"]);
  await end("a");
  expect(looks).toEqual(["urgent", "a", "b"]);
});

it("looks at a key that is busy again only when that is over, and once", async () => {
  const { queue, scheduler, looks, end } = start(8);
  queue.add("a");
  scheduler.runDue();
  queue.add("a");
  queue.add("a");
  scheduler.runDue();
  expect(looks).toEqual(["a"]);
  await end("a");
  expect(looks).toEqual(["a", "a"]);
});

it("looks at a key at its time, or earlier when it is added again, but not both", () => {
  const { queue, scheduler, looks, steps } = start(8);
  steps.set("a", { kind: "wait", until: 100 });
  queue.add("a");
  scheduler.pass(50);
  steps.set("a", { kind: "done" });
  queue.add("a");
  scheduler.pass(500);
  expect(looks).toEqual(["a", "a"]);
});

it("forgets what was asked for and what waits", () => {
  const { queue, scheduler, looks, steps } = start(8);
  steps.set("a", { kind: "wait", until: 100 });
  queue.add("a");
  scheduler.runDue();
  queue.add("b");
  queue.clear();
  scheduler.pass(500);
  expect(looks).toEqual(["a"]);
  expect(queue.load).toEqual({ queued: 0, waiting: 0, busy: 0 });
});
