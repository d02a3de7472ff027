import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { keepLogs } from "./keep-logs.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keep-logs-"));
  const pod = join(folder, "agent/pods/one");
  for (const path of [join(folder, "logs"), join(pod, "echo"), join(pod, ".volumes/secret")]) {
    mkdirSync(path, { recursive: true });
  }
  for (const file of ["logs/etcd.log", "agent/pods/one/echo/0.log", "agent/pods/one/echo/pid"]) {
    writeFileSync(join(folder, file), "x");
  }
  writeFileSync(join(pod, ".volumes/secret/token.log"), "a secret");
  symlinkSync("..", join(pod, "echo/up.log"));
});

afterEach(() => rmSync(folder, { recursive: true }));

it("keeps logs, and nothing that pods were given", () => {
  keepLogs({ logs: join(folder, "logs"), agentState: join(folder, "agent") }, join(folder, "kept"));
  const kept = readdirSync(join(folder, "kept"), { recursive: true, withFileTypes: true });
  const files = kept.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  expect(files.sort()).toEqual(
    ["cluster/etcd.log", "pods/pods/one/echo/0.log"].map((file) => join(folder, "kept", file)),
  );
});
