import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { type Catalogue, profileOf, testsOfProfile } from "./catalogue.ts";

/** What of the suite's own report of a run matters here. */
export interface SuiteReport {
  readonly gatewayAPIChannel: string;
  readonly gatewayAPIVersion: string;
  readonly implementation: { readonly version: string };
  readonly profiles: readonly ProfileReport[];
  readonly succeededProvisionalTests?: readonly string[];
}

interface ProfileReport {
  readonly name: string;
  readonly core: PartReport;
  readonly extended?: PartReport & { readonly unsupportedFeatures?: readonly string[] };
}

interface PartReport {
  readonly statistics: TestCounts;
}

interface TestCounts {
  readonly Passed: number;
  readonly Failed: number;
  readonly Skipped: number;
}

/** Reads a report; an error where the text is none. */
export function parseReport(text: string): SuiteReport {
  const report: unknown = parse(text);
  // The suite's own words; only what is read below must be there.
  if (Array.isArray((report as Partial<SuiteReport> | undefined)?.profiles)) return report as SuiteReport;
  throw new Error("the suite has written no report with profiles in it");
}

/** What a report lacks of one in which every test of these profiles has passed: one line each. */
export function lacksOf(report: SuiteReport, catalogue: Catalogue, profiles: readonly string[]): readonly string[] {
  const reported = report.profiles.map(({ name }) => name).toSorted();
  const wrong = isDeepStrictEqual(reported, profiles.toSorted()) ? [] : [`the report is of ${reported.join(", ")}`];
  return [...wrong, ...report.profiles.flatMap((profile) => lacksOfProfile(profile, catalogue))];
}

/** What must be the same whenever the suite runs on the same checkout: all but the day and the order of the profiles. */
export function differencesOf(kept: SuiteReport, made: SuiteReport): readonly string[] {
  const { profiles: keptProfiles, ...keptRest } = withoutDay(kept);
  const { profiles: madeProfiles, ...madeRest } = withoutDay(made);
  const names = [...new Set([...keptProfiles, ...madeProfiles].map(({ name }) => name))].toSorted();
  const different = names.filter((name) => !isDeepStrictEqual(named(keptProfiles, name), named(madeProfiles, name)));
  return isDeepStrictEqual(keptRest, madeRest) ? different : ["what is beside the profiles", ...different];
}

function lacksOfProfile({ name, core, extended }: ProfileReport, catalogue: Catalogue): readonly string[] {
  const counted = countsOf(catalogue, name);
  return [
    lacksOfPart(`${name} core`, core, counted.core),
    lacksOfPart(`${name} extended`, extended, counted.extended),
  ].flat();
}

/** A test that needs any feature beyond the profile's core is an extended one. */
function countsOf(catalogue: Catalogue, name: string): Readonly<Record<"core" | "extended", number>> {
  const profile = profileOf(catalogue, name);
  const tests = testsOfProfile(catalogue, profile);
  const core = tests.filter(({ features }) => features.every((feature) => profile.core.includes(feature))).length;
  return { core, extended: tests.length - core };
}

function lacksOfPart(part: string, report: PartReport | undefined, tests: number): readonly string[] {
  const { Passed, Failed, Skipped } = report?.statistics ?? { Passed: 0, Failed: 0, Skipped: 0 };
  if (Passed === tests && Failed === 0 && Skipped === 0) return [];
  return [`${part}: ${Passed} passed, ${Failed} failed, ${Skipped} skipped of ${tests}`];
}

function withoutDay(report: SuiteReport): SuiteReport {
  return { ...report, date: undefined } as SuiteReport;
}

function named(profiles: readonly ProfileReport[], wanted: string): ProfileReport | undefined {
  return profiles.find(({ name }) => name === wanted);
}
