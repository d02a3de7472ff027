import { execFileSync } from "node:child_process";

/** What the official suite says of itself. */
export interface Catalogue {
  /** Those of gateways; the suite has others for meshes. */
  readonly profiles: readonly SuiteProfile[];
  readonly tests: readonly SuiteTest[];
}

export interface SuiteProfile {
  readonly name: string;
  readonly core: readonly string[];
  readonly extended: readonly string[];
}

export interface SuiteTest {
  readonly name: string;
  /** All of these must be supported for the test to make sense. */
  readonly features: readonly string[];
  readonly provisional: boolean;
}

/** Asks the suite's catalogue program. */
export function readCatalogue(program: string): Catalogue {
  // Our own program's words.
  return JSON.parse(execFileSync(program, { encoding: "utf8" })) as Catalogue;
}

/** The profile of that name. */
export function profileOf({ profiles }: Catalogue, name: string): SuiteProfile {
  const profile = profiles.find((candidate) => candidate.name === name);
  if (profile !== undefined) return profile;
  throw new Error(`there is no profile ${name}: ${profiles.map((known) => known.name).join(", ")}`);
}

/** The tests that count for a profile: those that need nothing beyond its features. */
export function testsOfProfile({ tests }: Catalogue, { core, extended }: SuiteProfile): readonly SuiteTest[] {
  const features = new Set([...core, ...extended]);
  return tests.filter((test) => test.features.every((feature) => features.has(feature)));
}

/** Whether a test is of meshes, which Gatehouse is not. */
export function isMeshTest({ features }: SuiteTest): boolean {
  return features.includes("Mesh");
}
