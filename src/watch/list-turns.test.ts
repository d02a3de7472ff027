import { describe, expect, it } from "vitest";
import { ManualScheduler } from "../../test/support/manual-scheduler.ts";
import { ListTurns } from "./list-turns.ts";

describe("turns to read lists", () => {
  it("are two at a time, in order", async () => {
    const turns = new ListTurns(new ManualScheduler());
    const granted: number[] = [];
    const taken = [0, 1, 2, 3].map((index) => {
      const turn = turns.take("at once");
      void turn.granted.then(() => granted.push(index));
      return turn;
    });
    await Promise.resolve();
    expect(granted).toEqual([0, 1]);
    taken[1]?.end();
    taken[1]?.end();
    await Promise.resolve();
    expect(granted).toEqual([0, 1, 2]);
  });

  it("are ten a second where they have a pace, and as many as come where they have none", async () => {
    const scheduler = new ManualScheduler();
    const turns = new ListTurns(scheduler);
    const readAll = async (pace: "paced" | "at once"): Promise<number> => {
      let read = 0;
      for (let index = 0; index < 30; index += 1) {
        const turn = turns.take(pace);
        void turn.granted.then((granted) => {
          if (granted) read += 1;
          turn.end();
        });
      }
      for (let round = 0; round < 200; round += 1) await Promise.resolve();
      return read;
    };
    expect(await readAll("at once")).toBe(30);
    expect(await readAll("paced")).toBe(10);
    const before = scheduler.timers;
    scheduler.pass(1_099);
    expect(scheduler.timers).toBe(before);
    scheduler.pass(1);
    for (let round = 0; round < 200; round += 1) await Promise.resolve();
    // The next ten have gone, and the rest waits for its time.
    const last = turns.take("paced");
    last.end();
    expect(await last.granted).toBe(false);
    expect(scheduler.timers).toBe(1);
  });

  it("are passed on when somebody gives up waiting", async () => {
    const turns = new ListTurns(new ManualScheduler());
    const [first, second, third, fourth] = [0, 1, 2, 3].map(() => turns.take("at once"));
    third?.end();
    expect(await third?.granted).toBe(false);
    first?.end();
    expect(await fourth?.granted).toBe(true);
    second?.end();
  });
});
