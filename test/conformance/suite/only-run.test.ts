import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { formatProcess, identifyProcess, readLivingProcess } from "../bed/bed-process.ts";
import { claimRun } from "./only-run.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "only-run-"));
  file = join(folder, "runs/run");
});

afterEach(() => rmSync(folder, { recursive: true }));

it("claims a file that nobody has, and one whose owner has ended", () => {
  claimRun(file);
  expect(readLivingProcess(file)?.pid).toBe(process.pid);
  writeFileSync(file, "4194304 1\n");
  claimRun(file);
  expect(readLivingProcess(file)?.pid).toBe(process.pid);
});

it("refuses while another run lives", async () => {
  claimRun(file);
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const other = identifyProcess(child.pid ?? 0);
  writeFileSync(file, other === undefined ? "" : formatProcess(other));
  expect(() => claimRun(file)).toThrow(`(process ${child.pid})`);
  child.kill("SIGKILL");
  await once(child, "exit");
});
