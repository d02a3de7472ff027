import * as fc from "fast-check";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { caseSeed } from "../support/case-seed.ts";
import { noTotals, runSchedule } from "./schedule.ts";
import { settings } from "./schedule-settings.ts";

describe.each(settings)(
  "any schedule of $transport (proxies: $proxies, warms: $warms, refusals: $refusals, reconnects: $reconnects, secrets: $secrets, turns: $turns, recurs: $recurs, vanishes: $vanishes)",
  (setting) => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it("ends with the client holding the table, leaves nothing, and no table ever names a cluster that cannot be used", async () => {
      const decisions = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 50, maxLength: 400, size: "max" });
      await fc.assert(
        fc.asyncProperty(decisions, (numbers) => runSchedule(setting, numbers, noTotals())),
        {
          ...caseSeed,
          numRuns: Number(process.env["RUNS"] ?? 75),
          endOnFailure: process.env["SHRINK"] === undefined,
        },
      );
    });
  },
);
