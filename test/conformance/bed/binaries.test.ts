import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type BuildPlan, inputsOf } from "./binaries.ts";

const plan: BuildPlan = { module: "m", toolchain: "go1.26.8", outputs: ["a"], args: ["build"] };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bed-module-"));
  mkdirSync(join(folder, "kube"));
  for (const file of ["go.mod", "go.sum", "kube/main.go"]) writeFileSync(join(folder, file), file);
});

afterEach(() => rmSync(folder, { recursive: true }));

it("builds nothing again while nothing has changed", () => {
  const first = inputsOf(plan, folder);
  writeFileSync(join(folder, "README.md"), "for people");
  expect(inputsOf({ ...plan }, folder)).toBe(first);
});

it.each(["go.mod", "go.sum", "kube/main.go", "kube/more.go"])("builds again when %s changes", (file) => {
  const first = inputsOf(plan, folder);
  writeFileSync(join(folder, file), "changed");
  expect(inputsOf(plan, folder)).not.toBe(first);
});

it("builds again with another compiler or other arguments", () => {
  const seen = [plan, { ...plan, toolchain: "go1.27.0" }, { ...plan, args: ["test", "-c"] }].map((each) =>
    inputsOf(each, folder),
  );
  expect(new Set(seen).size).toBe(3);
});
