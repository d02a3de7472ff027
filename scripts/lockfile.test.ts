import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly libc?: readonly string[];
}

// npm's own format; the tests below look at the fields that it names.
const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};
const packages = Object.entries(lock.packages).filter(([path]) => path !== "");

it("locks packages by version and hash, and names no registry", () => {
  expect(packages.length).toBeGreaterThan(100);
  expect(packages.filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
  expect(packages.filter(([, entry]) => entry.version === undefined)).toEqual([]);
  expect(packages.filter(([, entry]) => entry.integrity === undefined && runsHere(entry))).toEqual([]);
});

it("locks every package that another one asks for", () => {
  const names = new Set(packages.map(([path]) => path.slice(path.lastIndexOf("node_modules/") + 13)));
  const asked = packages.flatMap(([, entry]) => [
    ...Object.keys(dependenciesOf(entry, "dependencies")),
    ...Object.keys(dependenciesOf(entry, "optionalDependencies")),
  ]);
  expect(asked.filter((name) => !names.has(name))).toEqual([]);
});

/** Whether a package may be installed on Linux with glibc, which is all that we support. */
function runsHere(entry: LockedPackage): boolean {
  const isForeign = entry.os?.includes("linux") === false || entry.libc?.includes("glibc") === false;
  return !(entry.optional === true && isForeign);
}

function dependenciesOf(entry: LockedPackage, kind: string): object {
  const found: unknown = Reflect.get(entry, kind);
  return typeof found === "object" && found !== null ? found : {};
}
