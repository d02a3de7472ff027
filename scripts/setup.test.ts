import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("says how another registry is named where the one that npm is set to does not answer, and leaves nothing half done", () => {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-setup-"));
  mkdirSync(join(folder, "scripts"));
  for (const name of ["setup.py", "versions.json"])
    copyFileSync(fileURLToPath(new URL(name, import.meta.url)), join(folder, "scripts", name));
  // Nobody listens on the port of tcpmux.
  const nowhere = { npm_config_registry: "http://127.0.0.1:1/", npm_config_fetch_retries: "0", HOME: folder };
  const path = `${dirname(process.execPath)}:${process.env["PATH"]}`;
  const { status, stdout, stderr } = spawnSync("python3", [join(folder, "scripts/setup.py")], {
    env: { PATH: path, ...nowhere },
    encoding: "utf8",
  });
  const left = readdirSync(join(folder, ".tools"));
  rmSync(folder, { recursive: true, force: true });
  expect([status, stdout, left]).toEqual([1, "", ["lock"]]);
  expect(stderr).toContain("127.0.0.1:1");
  expect(stderr.trim().split("\n").at(-1)).toMatch(/^Packages come from the registry .*npm_config_registry/);
});
