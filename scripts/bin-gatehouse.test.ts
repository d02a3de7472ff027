import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { version } from "../src/version.ts";

const script = fileURLToPath(new URL("../bin/gatehouse", import.meta.url));
// The machine's own Node, if it has one, is another than ours.
const env = { PATH: "/usr/bin:/bin" };
let folder = "";

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "gatehouse-bin-")));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

it("runs from anywhere, by a link too, and needs no Node of the machine", () => {
  const link = join(folder, "gatehouse");
  symlinkSync(script, link);
  for (const command of [script, link]) {
    expect(execFileSync(command, ["version"], { env, cwd: folder, encoding: "utf8" })).toBe(`gatehouse ${version}\n`);
  }
});

it("hands over arguments and the exit code as they are", () => {
  const { status, stderr } = spawnSync(script, ["translate", "-f", "no such file"], {
    env,
    cwd: folder,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining("no such file") });
});

it("says what to do first in a checkout that is not set up", () => {
  mkdirSync(join(folder, "bin"));
  copyFileSync(script, join(folder, "bin/gatehouse"));
  const { status, stderr } = spawnSync(join(folder, "bin/gatehouse"), ["version"], { env, encoding: "utf8" });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: `gatehouse: this checkout is not set up. First: make -C ${folder} setup\n`,
  });
});
