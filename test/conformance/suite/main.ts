/**
 * `make conformance`: the official suite against Gatehouse, installed from its chart on a bed. PROFILE=GATEWAY-HTTP runs one
 * profile, RUN=One,Another some tests, CHANNEL=experimental with the CRDs of that channel; STAY=1 leaves the cluster up. Ends
 * with the line "N passed, N failed, N skipped".
 */
import { mkdirSync, rmSync } from "node:fs";
import { formatTally } from "../../../scripts/tally.ts";
import { ensureBinaries, ensureSuite } from "../bed/binaries.ts";
import type { CrdSelection } from "../bed/crds.ts";
import { missingForBed } from "../bed/prerequisites.ts";
import { type Bed, startBed } from "../bed/start-bed.ts";
import { writeWrappers } from "../bed/wrappers.ts";
import { readCatalogue } from "./catalogue.ts";
import { chooseTests } from "./choice.ts";
import { conclude } from "./conclude.ts";
import { keepLogs } from "./keep-logs.ts";
import { timed } from "./minutes.ts";
import { claimRun } from "./only-run.ts";
import { resultFolderOf, runFile, stateFolder } from "./places.ts";
import { runSuite } from "./run-suite.ts";

const channel = channelOf(process.env["CHANNEL"] || "standard");
const resultFolder = resultFolderOf(channel);
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
  const choice = chooseTests(catalogue, {
    profile: process.env["PROFILE"] || undefined,
    tests: process.env["RUN"] || undefined,
  });
  const crds = { version: "v1.7.0", channel };
  const bed = await timed("start of the cluster", () => startBed({ stateDirectory: stateFolder, crds }));
  try {
    const ended = await runSuite(bed, { suite: programs.suite, choice, resultFolder });
    return conclude({ catalogue, choice, ended, resultFolder });
  } finally {
    await leave(bed);
  }
}

function channelOf(name: string): CrdSelection["channel"] {
  if (name === "standard" || name === "experimental") return name;
  throw new Error(`CHANNEL is standard or experimental, not ${name}`);
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
