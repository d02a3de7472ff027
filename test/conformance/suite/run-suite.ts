import { createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { bedNetwork } from "../bed/layout.ts";
import type { RunResult } from "../bed/run-inside.ts";
import type { Bed } from "../bed/start-bed.ts";
import { suiteFlags } from "./flags.ts";
import { type GatewayClass, gatehouse, installGatehouse } from "./install-gatehouse.ts";
import { timed } from "./minutes.ts";
import { resultFolder } from "./places.ts";
import { admitSuitePods } from "./restricted-pods.ts";
import { parseTestOutput } from "./test-output.ts";

/** Which part of the suite to run. */
export interface SuiteChoice {
  /** The suite's binary. */
  readonly suite: string;
  readonly profile: string;
  /** The name of one test, instead of all. */
  readonly only: string | undefined;
}

/** Installs Gatehouse on a bed, runs the suite inside it, and answers how its program ended. */
export async function runSuite(bed: Bed, { suite, profile, only }: SuiteChoice): Promise<RunResult> {
  await admitSuitePods(bed.api);
  const gatewayClass = await timed("installation of Gatehouse", () => installGatehouse(bed));
  const flags = suiteFlags({
    profile,
    gatewayClass: gatehouse.gatewayClass,
    usableAddress: bedNetwork.usableAddress,
    unusableAddress: bedNetwork.unusableAddress,
    reportFile: join(resultFolder, "report.yaml"),
    version: versionOfThis(),
    ...(only === undefined ? {} : { only: { test: only, supportedFeatures: featuresOf(gatewayClass) } }),
  });
  const log = createWriteStream(join(resultFolder, "suite.log"));
  const onOutput = (text: string): void => {
    log.write(text);
    // For those who watch: a line that comes in two pieces is missing here, and not in what is counted.
    for (const [name, { outcome, seconds }] of parseTestOutput(text)) {
      if (outcome !== "skipped") console.log(`${outcome === "passed" ? "passed" : "FAILED"}  ${seconds} s  ${name}`);
    }
  };
  const ended = await timed("the suite", () => bed.run([suite, ...flags], { timeoutSeconds: suiteSeconds, onOutput }));
  log.end();
  return ended;
}

/** A little more than the suite's own limit. */
const suiteSeconds = 50 * 60;

function featuresOf({ status }: GatewayClass): readonly string[] {
  return (status?.supportedFeatures ?? []).map(({ name }) => name);
}

function versionOfThis(): string {
  // Our own file.
  const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  };
  return version;
}
