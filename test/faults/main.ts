/** `make faults [ONLY=name]`, `make soak`: the tests that break things, `*.fault.ts`, one file at a time on a machine of their own. */
import { startVitest } from "vitest/node";
import { faultsFile } from "../../scripts/tally.ts";
import { tellSecondTries } from "../support/second-tries.ts";
import { isLong } from "./scale.ts";

const only = process.env["ONLY"] || undefined;
const hour = 3_600_000;
const vitest = await startVitest("test", only === undefined ? [] : [only], {
  config: false,
  watch: false,
  // The soak is for hours; everything else has a short form.
  include: ["test/faults/**/*.fault.ts", ...(isLong ? ["test/faults/**/*.soak.ts"] : [])],
  pool: "forks",
  // What is under load keeps both cores of a small machine busy.
  maxWorkers: 1,
  testTimeout: isLong ? 24 * hour : 180_000,
  retry: 1,
  hookTimeout: 60_000,
  reporters: ["default", "json"],
  outputFile: { json: faultsFile },
});
tellSecondTries(vitest);
await vitest.close();
