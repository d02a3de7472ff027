import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readMutants, selectMutants } from "./mutant.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatehouse-patches-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("readMutants", () => {
  it("reads the header and the changed files of every patch, in order", () => {
    write("b/two", header("the second rule", "src/b.test.ts"), change("src/b.ts"));
    write(
      "a/one",
      header("a rule", "src/a.test.ts src/c.test.ts", "# tests: says so$"),
      change("src/a.ts", "proto/a.ts"),
    );
    const [one, two, ...others] = readMutants(folder);
    expect(one).toMatchObject({
      name: "a/one",
      breaks: "a rule",
      catches: ["src/a.test.ts", "src/c.test.ts"],
      tests: "says so$",
      mayHang: false,
      touches: ["src/a.ts", "proto/a.ts"],
    });
    expect(two).toMatchObject({ name: "b/two", breaks: "the second rule" });
    expect(others).toEqual([]);
  });

  it("lets tests that never end count only where the patch says so", () => {
    write("a/endless", header("a rule", "src/a.test.ts", "# hangs: counts as caught"), change("src/a.ts"));
    expect(readMutants(folder)).toMatchObject([{ mayHang: true }]);
  });

  it.each([
    { name: "a patch that names no rule", header: "# catches: src/a.test.ts", touches: ["src/a.ts"] },
    { name: "a patch that names no tests", header: "# breaks: a rule", touches: ["src/a.ts"] },
    { name: "a patch of a test", header: header("a rule", "src/a.test.ts"), touches: ["src/a.test.ts"] },
    { name: "a patch of something else", header: header("a rule", "src/a.test.ts"), touches: ["package.json"] },
    { name: "a patch without a change", header: header("a rule", "src/a.test.ts"), touches: [] },
  ])("refuses $name", ({ header, touches }) => {
    write("a/bad", header, change(...touches));
    expect(() => readMutants(folder)).toThrow("bad.patch");
  });
});

describe("selectMutants", () => {
  beforeEach(() => {
    for (const name of ["a/one", "a/two", "ab/one"]) write(name, header("a rule", "src/a.test.ts"), change("src/a.ts"));
  });

  it.each([
    { words: [], want: ["a/one", "a/two", "ab/one"] },
    { words: ["a"], want: ["a/one", "a/two"] },
    { words: ["ab/one", "a/two"], want: ["a/two", "ab/one"] },
  ])("of $words are $want", ({ words, want }) => {
    expect(selectMutants(readMutants(folder), words).map(({ name }) => name)).toEqual(want);
  });

  it("refuses a name that no mutant has", () => {
    expect(() => selectMutants(readMutants(folder), ["a/on"])).toThrow("a/on");
  });
});

function header(rule: string, tests: string, ...more: readonly string[]): string {
  return [`# breaks: ${rule}`, `# catches: ${tests}`, ...more].join("\n");
}

function change(...paths: readonly string[]): string {
  return paths.map((path) => `--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-a\n+b\n`).join("");
}

function write(name: string, header: string, change: string): void {
  mkdirSync(join(folder, name, ".."), { recursive: true });
  writeFileSync(join(folder, `${name}.patch`), `${header}\n${change}`);
}
