import * as fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { caseSeed } from "../support/case-seed.ts";
import { noTotals, runSchedule } from "../xds/schedule.ts";
import { type Setting, settings } from "../xds/schedule-settings.ts";
import { scaled } from "./scale.ts";

/** Fake proxies with a model of Envoy: `schedule.ts` says what is watched in every step. */
const schedules = scaled({ short: 10_000, long: 200_000 });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

it(`fault 20: ${schedules} random schedules of edits, delays, refusals, reconnects and Gateways that go and come back break no rule of the protocol`, async () => {
  const totals = await runAll(settings, schedules);
  console.log(`fault 20: ${JSON.stringify(totals)}`);
  expect(totals.schedules).toBe(schedules);
  const { refusals, culprits, reconnects, restarts, cut, vanished } = totals;
  for (const count of [refusals, culprits, reconnects, restarts, cut, vanished]) expect(count).toBeGreaterThan(100);
});

it("fault 1: 1,000 schedules of routes that move between clusters never leave a table with a cluster that cannot be used", async () => {
  const moves = settings.filter(({ transport, reconnects }) => transport === "delta" && !reconnects);
  const totals = await runAll(moves, 1_000);
  console.log(`fault 1, model: ${JSON.stringify(totals)}`);
  expect(totals.edits).toBeGreaterThan(1_000);
});

async function runAll(kinds: readonly Setting[], count: number) {
  const totals = noTotals();
  const decisions = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 40, maxLength: 300, size: "max" });
  for (const [index, setting] of kinds.entries()) {
    const numRuns = Math.floor(count / kinds.length) + (index < count % kinds.length ? 1 : 0);
    const run = fc.asyncProperty(decisions, (numbers) => runSchedule(setting, numbers, totals));
    await fc.assert(run, { ...caseSeed, numRuns, endOnFailure: process.env["SHRINK"] === undefined });
  }
  return totals;
}
