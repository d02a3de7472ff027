import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "prerequisites-"));
  for (const tool of ["git", "bash", "npm", "python3"]) fake(tool, "exit 0");
  for (const tool of ["sed", "sort", "head"]) fake(tool, `PATH=/usr/bin:/bin exec ${tool} "$@"`);
  fake("uname", 'case "$1" in -s) echo Linux ;; *) echo x86_64 ;; esac');
  fake("getconf", "echo glibc 2.36");
});

afterEach(() => rmSync(folder, { recursive: true }));

it("says nothing when everything is there", () => {
  expect(check()).toEqual({ status: 0, message: "" });
});

it("names all that is missing in one line", () => {
  for (const tool of ["npm", "git"]) rmSync(join(folder, tool));
  expect(check()).toEqual({ status: 1, message: expect.stringMatching(/^Missing: git, npm\. Needed: .*\n$/) });
});

it.each([
  ["a Python without pip", "python3", "exit 1", "pip for python3"],
  ["a glibc that is too old", "getconf", "echo glibc 2.9", "glibc 2.31 (this is 2.9)"],
  ["another libc", "getconf", "exit 1", "glibc"],
  ["another system", "uname", 'case "$1" in -s) echo Darwin ;; *) echo arm64 ;; esac', "(this is Darwin on arm64)"],
])("names %s", (_name, tool, script, want) => {
  fake(tool, script);
  expect(check()).toEqual({ status: 1, message: expect.stringContaining(want) });
});

it("names Python where there is none", () => {
  rmSync(join(folder, "python3"));
  expect(check().message).toContain("Missing: python3 with pip.");
});

function fake(tool: string, script: string): void {
  writeFileSync(join(folder, tool), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, tool), 0o755);
}

function check(): { status: number | null; message: string } {
  const script = resolve("scripts/prerequisites.sh");
  // From an empty folder, where no Envoy is installed yet: only then is pip needed.
  const { status, stderr } = spawnSync("/bin/sh", [script], { cwd: folder, env: { PATH: folder }, encoding: "utf8" });
  return { status, message: stderr };
}
