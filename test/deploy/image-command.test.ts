import { execFileSync } from "node:child_process";
import { mkdtempSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { buildImage } from "./image-build.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "gatehouse-image-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("the image has a `gatehouse` that runs without a shell, for kubectl exec", () => {
  const { root } = buildImage(repository, folder);
  const target = readlinkSync(join(root, "usr/local/bin/gatehouse"));
  expect(target.startsWith("/")).toBe(true);
  const program = join(root, target);
  expect(statSync(program).mode & 0o555).toBe(0o555);
  const environment = { PATH: dirname(process.execPath) };
  expect(execFileSync(program, ["--version"], { encoding: "utf8", env: environment })).toMatch(/^\d+\.\d+\.\d+\n$/);
});
