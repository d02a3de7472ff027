import type { SuiteTest } from "./catalogue.ts";

/** The tests that are known not to pass, each with the reason. */
export type KnownFailing = ReadonlyMap<string, string>;

/** Reads the list: a test's name and the reason on each line; empty lines and those that start with `#` are for people. */
export function parseKnownFailing(text: string): KnownFailing {
  const known = new Map<string, string>();
  for (const line of text.split("\n").map((raw) => raw.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const [name = "", ...words] = line.split(/\s+/);
    if (words.length === 0) throw new Error(`known-failing.txt: ${name} has no reason`);
    if (known.has(name)) throw new Error(`known-failing.txt: ${name} is listed twice`);
    known.set(name, words.join(" "));
  }
  return known;
}

/** Tells what is wrong with the list itself: only what Gatehouse does not claim to serve yet may be in it. */
export function listProblems(known: KnownFailing, tests: readonly SuiteTest[]): readonly string[] {
  const byName = new Map(tests.map((test) => [test.name, test]));
  return [...known.keys()].flatMap((name) => {
    const test = byName.get(name);
    if (test === undefined) return [`${name} is listed as known to fail, and the suite has no such test`];
    if (test.features.some(mayFail)) return [];
    return [`${name} may not be listed as known to fail: it needs only ${test.features.join(", ")}`];
  });
}

function mayFail(feature: string): boolean {
  return (
    feature.startsWith("BackendTLSPolicy") || feature.includes("ClientCertificate") || otherRouteKind.test(feature)
  );
}

const otherRouteKind = /^(GRPC|TLS|TCP|UDP)Route/;
