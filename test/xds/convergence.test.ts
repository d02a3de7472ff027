import * as fc from "fast-check";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { noTotals, runSchedule, settings } from "./schedule.ts";

describe.each(settings)(
  "any schedule of $transport (warms: $warms, refusals: $refusals, reconnects: $reconnects, proxies: $proxies)",
  (setting) => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it("ends with the client holding the table, and no table ever names a cluster that cannot be used", async () => {
      const decisions = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 50, maxLength: 400, size: "max" });
      await fc.assert(
        fc.asyncProperty(decisions, (numbers) => runSchedule(setting, numbers, noTotals())),
        { numRuns: Number(process.env["RUNS"] ?? 150), endOnFailure: process.env["SHRINK"] === undefined },
      );
    });
  },
);
