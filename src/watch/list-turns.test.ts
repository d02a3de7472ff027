import { describe, expect, it } from "vitest";
import { ManualScheduler } from "../../test/support/manual-scheduler.ts";
import { type ListTurn, ListTurns } from "./list-turns.ts";

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
    scheduler.pass(999);
    expect(scheduler.timers).toBe(before);
    scheduler.pass(1);
    for (let round = 0; round < 200; round += 1) await Promise.resolve();
    // The next ten have gone, and the rest waits for its time.
    const last = turns.take("paced");
    last.end();
    expect(await last.granted).toBe(false);
    expect(scheduler.timers).toBe(1);
  });

  it("count from the end of a page, which may have reached the server as late as that", async () => {
    const scheduler = new ManualScheduler();
    const turns = new ListTurns(scheduler);
    const isGranted = async (turn: ListTurn): Promise<boolean> => {
      let granted = false;
      void turn.granted.then((is) => {
        granted = is;
      });
      await Promise.resolve();
      return granted;
    };
    const late = turns.take("paced");
    for (let index = 0; index < 8; index += 1) turns.take("paced").end();
    scheduler.pass(900);
    late.end();
    const tenth = turns.take("paced");
    const eleventh = turns.take("paced");
    expect([await isGranted(tenth), await isGranted(eleventh)]).toEqual([true, false]);
    // Eight make room; the late one and the tenth have ended at 900.
    tenth.end();
    scheduler.pass(100);
    const next = Array.from({ length: 9 }, () => turns.take("paced"));
    eleventh.end();
    for (const turn of next.slice(0, 7)) turn.end();
    expect([await isGranted(next[7] ?? late), scheduler.timers]).toEqual([false, 1]);
    scheduler.pass(899);
    expect(await isGranted(next[7] ?? late)).toBe(false);
    scheduler.pass(1);
    expect([await isGranted(next[7] ?? late), await isGranted(next[8] ?? late)]).toEqual([true, true]);
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
