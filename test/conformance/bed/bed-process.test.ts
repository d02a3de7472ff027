import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { childrenOf, formatProcess, identifyProcess, readLivingProcess } from "./bed-process.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bed-process-"));
  file = join(folder, "process");
});

afterEach(() => rmSync(folder, { recursive: true }));

it("knows a process again while it lives", async () => {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const living = identifyProcess(child.pid ?? 0);
  writeFileSync(file, living === undefined ? "" : formatProcess(living));
  expect(readLivingProcess(file)).toEqual({ pid: child.pid, started: expect.stringMatching(/^\d+$/) });
  expect(childrenOf(process.pid)).toContain(child.pid);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(readLivingProcess(file)).toBeUndefined();
});

it.each([
  ["another process that has got its number", () => `${process.pid} 1\n`],
  ["a number that nobody has", () => "4194304 1\n"],
  ["a file that holds something else", () => "../self 1\n"],
  ["an empty file", () => ""],
])("does not take %s for it", (_name, text) => {
  writeFileSync(file, text());
  expect(readLivingProcess(file)).toBeUndefined();
});

it("finds no process where there is no file", () => {
  expect(readLivingProcess(file)).toBeUndefined();
});
