import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rescanFiles, sameScan, scanTree, type TreeScan } from "./file-tree.ts";

let root = "";
let before: TreeScan;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "gatehouse-tree-"));
  await mkdir(join(root, "team"));
  await writeFile(join(root, "team", "a.yaml"), "a: 1");
  await writeFile(join(root, "team", "b.yaml"), "b: 1");
  before = await scanTree(root);
});

afterEach(() => rm(root, { recursive: true }));

const rescan = (...paths: readonly string[]) => rescanFiles(root, before, new Set(paths));

describe("a look at some files", () => {
  it("finds these and no others", async () => {
    await writeFile(join(root, "team", "a.yaml"), "a: 22");
    const found = await rescan("team/a.yaml", "team/gone.yaml");
    expect([...(found?.files.keys() ?? [])]).toEqual(["team/a.yaml"]);
    expect(found?.files.get("team/a.yaml")?.stamp).not.toBe(before.files.get("team/a.yaml")?.stamp);
    expect(found?.only).toEqual(new Set(["team/a.yaml", "team/gone.yaml"]));
  });

  it("is enough when a file is written beside another and moved into its place", async () => {
    await writeFile(join(root, "team", "a.yaml.new"), "a: 3");
    expect((await rescan("team/a.yaml.new"))?.files.size).toBe(0);
    await rename(join(root, "team", "a.yaml.new"), join(root, "team", "a.yaml"));
    const found = await rescan("team/a.yaml.new", "team/a.yaml");
    expect([...(found?.files.keys() ?? [])]).toEqual(["team/a.yaml"]);
  });

  it("is not enough when a folder comes, goes, or is linked", async () => {
    await mkdir(join(root, "new"));
    expect(await rescan("new")).toBeUndefined();
    await symlink(join(root, "new"), join(root, "..data"));
    expect(await rescan("..data")).toBeUndefined();
    await rm(join(root, "team"), { recursive: true });
    expect(await rescan("team")).toBeUndefined();
  });

  it("is not enough when a link that led to nothing goes", async () => {
    await symlink(join(root, "nothing"), join(root, "link"));
    before = await scanTree(root);
    expect([...before.unreadable.keys()]).toEqual(["link"]);
    await rm(join(root, "link"));
    expect(await rescan("link")).toBeUndefined();
  });

  it("says whether anything moved between two of them", async () => {
    const first = await rescan("team/a.yaml");
    const second = await rescan("team/a.yaml");
    await writeFile(join(root, "team", "a.yaml"), "a: 4444");
    const third = await rescan("team/a.yaml");
    if (first === undefined || second === undefined || third === undefined) throw new Error("a scan was needed");
    expect([sameScan(first, second), sameScan(first, third)]).toEqual([true, false]);
  });
});
