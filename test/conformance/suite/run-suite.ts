import { createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { bedNetwork } from "../bed/layout.ts";
import type { RunResult } from "../bed/run-inside.ts";
import type { Bed } from "../bed/start-bed.ts";
import { fleetsOf } from "../faults/fault-bed.ts";
import { featuresFor, type SuiteChoice } from "./choice.ts";
import { type SuiteRun, suiteFlags } from "./flags.ts";
import { type GatewayClass, gatehouse, installGatehouse } from "./install-gatehouse.ts";
import { formatMinutes, timed } from "./minutes.ts";
import { startPhaseClock } from "./phases.ts";
import { reportName } from "./places.ts";
import { admitSuitePods } from "./restricted-pods.ts";
import { parseTestOutput } from "./test-output.ts";

export interface SuiteProgram {
  /** The suite's binary. */
  readonly suite: string;
  readonly choice: SuiteChoice;
  /** Where its output and its report go. */
  readonly resultFolder: string;
}

/** Installs Gatehouse on a bed, runs the suite inside it, and answers how its program ended. */
export async function runSuite(bed: Bed, { suite, choice, resultFolder }: SuiteProgram): Promise<RunResult> {
  await admitSuitePods(bed.api);
  const gatewayClass = await timed("installation of Gatehouse", () => installGatehouse(bed, oneProxyEach));
  const flags = suiteFlags({
    profiles: choice.profiles,
    gatewayClass: gatehouse.gatewayClass,
    usableAddress: bedNetwork.usableAddress,
    unusableAddress: bedNetwork.unusableAddress,
    reportFile: join(resultFolder, reportName),
    version: versionOfThis(),
    ...partOf(choice, gatewayClass),
  });
  const log = createWriteStream(join(resultFolder, "suite.log"));
  const phases = startPhaseClock(() => performance.now());
  const onOutput = (text: string): void => {
    log.write(text);
    phases.see(text);
    // For those who watch: a line that comes in two pieces is missing here, and not in what is counted.
    for (const [name, { outcome, seconds }] of parseTestOutput(text)) {
      if (outcome !== "skipped") console.log(`${outcome === "passed" ? "passed" : "FAILED"}  ${seconds} s  ${name}`);
    }
  };
  const ended = await timed("the suite", () => bed.run([suite, ...flags], { timeoutSeconds: suiteSeconds, onOutput }));
  for (const [name, minutes] of phases.minutes()) console.log(`  ${formatMinutes(minutes)}  of it for ${name}`);
  log.end();
  return ended;
}

/**
 * Many Gateways live at the same time, and the kernel lets one user have 128 instances of inotify, of which each Envoy takes
 * four: with two proxies for each Gateway, the seventeenth could not start.
 */
const oneProxyEach = fleetsOf(1);

/** A little more than the suite's own limit. */
const suiteSeconds = 50 * 60;

function partOf(choice: SuiteChoice, { status }: GatewayClass): Pick<SuiteRun, "part"> {
  if (choice.kind === "whole") return {};
  const claimed = (status?.supportedFeatures ?? []).map(({ name }) => name);
  return { part: { features: featuresFor(choice, claimed), leaveOut: choice.left.map(({ name }) => name) } };
}

function versionOfThis(): string {
  // Our own file.
  const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  };
  return version;
}
