/** `make cluster-test [ONLY=name]`: the tests that need a cluster, `*.cluster.ts`, and of the cluster itself, `*.bed.ts`. */
import { startVitest } from "vitest/node";
import { clusterTestsFile } from "../../scripts/tally.ts";
import { tellSecondTries } from "../support/second-tries.ts";
import { ensureBinaries } from "./bed/binaries.ts";
import { missingForBed } from "./bed/prerequisites.ts";

const missing = missingForBed();
if (missing !== undefined) {
  console.error(missing);
  process.exit(1);
}
// Before the first test, whose time is limited.
await ensureBinaries();
const only = process.env["ONLY"] || undefined;
const vitest = await startVitest("test", only === undefined ? [] : [only], {
  config: false,
  watch: false,
  include: ["test/**/*.cluster.ts", "test/**/*.bed.ts"],
  pool: "forks",
  // A cluster keeps both cores of a small machine busy.
  maxWorkers: 1,
  testTimeout: 120_000,
  retry: 1,
  hookTimeout: 180_000,
  reporters: ["default", "json"],
  outputFile: { json: clusterTestsFile },
});
tellSecondTries(vitest);
await vitest.close();
