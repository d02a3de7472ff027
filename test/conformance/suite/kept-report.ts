import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { differencesOf, parseReport, type SuiteReport } from "./report.ts";

/** The name of a report's file, as the project of the suite wants it. */
function keptNameOf({ gatewayAPIChannel, implementation }: SuiteReport): string {
  return `${gatewayAPIChannel}-${implementation.version}-default-report.yaml`;
}

/** What the report of this checkout has otherwise than the one that a run has just made: one line each. */
export function keptProblems(folder: string, made: SuiteReport): readonly string[] {
  const name = keptNameOf(made);
  const file = join(folder, name);
  if (!existsSync(file))
    return [`there is no ${name} beside the tests; make conformance-report keeps the one of this run`];
  const differences = differencesOf(parseReport(readFileSync(file, "utf8")), made);
  return differences.map((what) => `${name} tells otherwise: ${what}; make conformance-report keeps that of this run`);
}

/** Keeps a report, without changing a byte of it, in place of an older one of its channel. Answers the file's name. */
export function keepReport(folder: string, text: string): string {
  const report = parseReport(text);
  const name = keptNameOf(report);
  mkdirSync(folder, { recursive: true });
  const older = readdirSync(folder).filter((file) => file.startsWith(`${report.gatewayAPIChannel}-`) && file !== name);
  for (const file of older) rmSync(join(folder, file));
  writeFileSync(join(folder, name), text);
  return name;
}
