/**
 * `make conformance PROFILE=GATEWAY-HTTP`: the official suite against Gatehouse, installed from its chart on a bed.
 * RUN=TestName runs one test, STAY=1 leaves the cluster up. Ends with the line "N passed, N failed, N skipped".
 */
import { mkdirSync, rmSync } from "node:fs";
import { formatTally } from "../../../scripts/tally.ts";
import { ensureBinaries, ensureSuite } from "../bed/binaries.ts";
import { missingForBed } from "../bed/prerequisites.ts";
import { type Bed, startBed } from "../bed/start-bed.ts";
import { writeWrappers } from "../bed/wrappers.ts";
import { readCatalogue, testsOfProfile } from "./catalogue.ts";
import { conclude } from "./conclude.ts";
import { keepLogs } from "./keep-logs.ts";
import { timed } from "./minutes.ts";
import { claimRun } from "./only-run.ts";
import { resultFolder, runFile, stateFolder } from "./places.ts";
import { runSuite } from "./run-suite.ts";

const profile = process.env["PROFILE"] || "GATEWAY-HTTP";
const only = process.env["RUN"] || undefined;
const crds = { version: "v1.7.0", channel: "standard" } as const;
const staysUp = (process.env["STAY"] ?? "") !== "";

const missing = missingForBed();
if (missing !== undefined) {
  console.error(missing);
  process.exit(1);
}
try {
  claimRun(runFile);
  rmSync(resultFolder, { recursive: true, force: true });
  mkdirSync(resultFolder, { recursive: true });
  process.exitCode = await conform();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log(formatTally({ passed: 0, failed: 1, skipped: 0 }));
  process.exitCode = 1;
}

async function conform(): Promise<number> {
  await timed("build of the cluster's programs", ensureBinaries);
  const programs = await timed("build of the suite", ensureSuite);
  const catalogue = readCatalogue(programs.catalogue);
  const ofProfile = testsOfProfile(catalogue, profile);
  const wanted = only === undefined ? ofProfile : catalogue.tests.filter(({ name }) => name === only);
  if (wanted.length === 0) throw new Error(`the suite has no test ${only}`);
  const bed = await timed("start of the cluster", () => startBed({ stateDirectory: stateFolder, crds }));
  try {
    const ended = await runSuite(bed, { suite: programs.suite, profile, only });
    return conclude({ catalogue, wanted, ended });
  } finally {
    await leave(bed);
  }
}

/** Whatever happened, the cluster does not outlive its run unless somebody wants to look at it. */
async function leave(bed: Bed): Promise<void> {
  try {
    keepLogs(bed.layout, resultFolder);
  } finally {
    if (staysUp) {
      bed.api.close();
      console.log(`The cluster stays.\n${writeWrappers(bed.layout)}`);
    } else await bed.stop();
  }
}
