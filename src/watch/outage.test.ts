import { describe, expect, it } from "vitest";
import { ManualScheduler } from "../../test/support/manual-scheduler.ts";
import { Outage } from "./outage.ts";

describe("an outage", () => {
  function begin(answers: boolean[]) {
    const scheduler = new ManualScheduler();
    const story: string[] = [];
    let probes = 0;
    const outage = new Outage({
      probe: async () => {
        probes += 1;
        return answers.shift() ?? false;
      },
      returned: (awayUntil) => story.push(`returned ${awayUntil}`),
      scheduler,
      random: () => 1,
    });
    const stopListening = outage.onReturn((awayUntil) => story.push(`told ${awayUntil}`));
    const pass = async (milliseconds: number): Promise<void> => {
      for (let gone = 0; gone < milliseconds; gone += 500) {
        scheduler.pass(500);
        await Promise.resolve();
        await Promise.resolve();
      }
    };
    return { outage, story, pass, stopListening, probes: () => probes };
  }

  it("is over when a probe is answered after others were not", async () => {
    const { outage, story, pass, probes } = begin([false, false, true]);
    await pass(500);
    outage.suspect();
    outage.suspect();
    await pass(5_000);
    expect(probes()).toBe(3);
    expect(story).toEqual(["returned 2000", "told 2000"]);
  });

  it("is none when only one request failed", async () => {
    const { outage, story, pass, probes } = begin([true]);
    outage.suspect();
    await pass(5_000);
    expect(probes()).toBe(1);
    expect(story).toEqual([]);
  });

  it("is looked for by nobody after the end, and for nobody", async () => {
    const ended = begin([]);
    ended.outage.suspect();
    await ended.pass(2_000);
    ended.outage.close();
    const before = ended.probes();
    await ended.pass(5_000);
    ended.outage.suspect();
    expect(ended.probes()).toBe(before);
    const unheard = begin([]);
    unheard.stopListening();
    unheard.outage.suspect();
    expect(unheard.probes()).toBe(0);
  });
});
