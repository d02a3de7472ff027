import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { keepReport, keptProblems } from "./kept-report.ts";
import { parseReport } from "./report.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kept-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function textOf(passed: number, version = "1.2.3", channel = "standard"): string {
  const counts = `{ Passed: ${passed}, Failed: 0, Skipped: 0 }`;
  const profile = `- { name: GATEWAY-HTTP, core: { statistics: ${counts} } }`;
  return `gatewayAPIChannel: ${channel}\nimplementation: { version: ${version} }\nprofiles:\n${profile}\n`;
}

it("keeps a report as it is, under the name of its channel and version", () => {
  expect(keepReport(folder, textOf(1))).toBe("standard-1.2.3-default-report.yaml");
  expect(readFileSync(join(folder, "standard-1.2.3-default-report.yaml"), "utf8")).toBe(textOf(1));
  expect(keptProblems(folder, parseReport(textOf(1)))).toEqual([]);
});

it("keeps one report of a channel", () => {
  for (const text of [textOf(1), textOf(1, "1.2.3", "experimental"), textOf(1, "2.0.0")]) keepReport(folder, text);
  expect(readdirSync(folder).toSorted()).toEqual([
    "experimental-1.2.3-default-report.yaml",
    "standard-2.0.0-default-report.yaml",
  ]);
});

it.each([
  ["other counts", textOf(2), "standard-1.2.3-default-report.yaml tells otherwise: GATEWAY-HTTP"],
  ["another version, of which none was kept", textOf(1, "2.0.0"), "there is no standard-2.0.0-default-report.yaml"],
])("complains of %s", (_name, made, want) => {
  keepReport(folder, textOf(1));
  expect(keptProblems(folder, parseReport(made))).toEqual([expect.stringContaining(want)]);
});
