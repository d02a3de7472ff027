import { type Catalogue, isMeshTest, profileOf, type SuiteTest, testsOfProfile } from "./catalogue.ts";

/** What was asked for: nothing is the whole suite. */
export interface Asked {
  readonly profile?: string | undefined;
  /** Names of tests, with commas between them. */
  readonly tests?: string | undefined;
}

/** Which part of the suite to run. */
export interface SuiteChoice {
  readonly kind: "whole" | "profile" | "tests";
  /** The profiles to report. */
  readonly profiles: readonly string[];
  /** The tests that must pass. */
  readonly wanted: readonly SuiteTest[];
  /** All others, which must be left out. */
  readonly left: readonly SuiteTest[];
}

/** Splits the suite's tests into those that a run answers for, and the others. */
export function chooseTests(catalogue: Catalogue, { profile, tests }: Asked): SuiteChoice {
  const all = catalogue.profiles.map(({ name }) => name);
  if (tests !== undefined)
    return splitBy(catalogue, { kind: "tests", profiles: all, wanted: namedTests(catalogue, tests) });
  if (profile === undefined) {
    return splitBy(catalogue, {
      kind: "whole",
      profiles: all,
      wanted: catalogue.tests.filter((test) => !isMeshTest(test)),
    });
  }
  const wanted = testsOfProfile(catalogue, profileOf(catalogue, profile));
  return splitBy(catalogue, { kind: "profile", profiles: [profile], wanted });
}

/**
 * The features to tell the suite, for a part of it: those that the GatewayClass claims and the part's tests need. Tests that
 * were named run in any case, to see how far they come.
 */
export function featuresFor({ kind, wanted }: SuiteChoice, claimed: readonly string[]): readonly string[] {
  const needed = [...new Set(wanted.flatMap(({ features }) => features))].sort();
  return kind === "tests"
    ? [...new Set([...claimed, ...needed])].sort()
    : needed.filter((name) => claimed.includes(name));
}

function namedTests({ tests }: Catalogue, names: string): readonly SuiteTest[] {
  return names.split(",").map((name) => {
    const found = tests.find((test) => test.name === name);
    if (found === undefined) throw new Error(`the suite has no test ${name}`);
    return found;
  });
}

function splitBy({ tests }: Catalogue, part: Omit<SuiteChoice, "left">): SuiteChoice {
  const names = new Set(part.wanted.map(({ name }) => name));
  return { ...part, left: tests.filter(({ name }) => !names.has(name)) };
}
