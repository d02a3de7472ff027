import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Kind, NamespacedName, ObjectByKind } from "../core/keys.ts";
import { createFileSource, ManifestFolderError } from "./file-source.ts";
import type { ObjectSource } from "./object-source.ts";
import { formatProblem } from "./problem.ts";

type Event = readonly ["set" | "delete", string];

interface Running {
  readonly directory: string;
  readonly source: ObjectSource;
  readonly objects: Map<string, ObjectByKind[Kind]>;
  readonly batches: Event[][];
  write(path: string, text: string): void;
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function run(
  files: Record<string, string>,
  { graceMs = 1000, pollMs = 60_000, prepare = (_: string) => {} } = {},
): Promise<Running> {
  const directory = mkdtempSync(join(tmpdir(), "gatehouse-manifests-"));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  prepare(directory);
  const source = createFileSource({ directory, graceMs, pollMs });
  const objects = new Map<string, ObjectByKind[Kind]>();
  const batches: Event[][] = [];
  let batch: Event[] = [];
  const sink = {
    set<K extends Kind>(kind: K, name: NamespacedName, object: ObjectByKind[K]) {
      objects.set(`${kind}/${name}`, object);
      batch.push(["set", `${kind}/${name}`]);
    },
    delete(kind: Kind, name: NamespacedName) {
      objects.delete(`${kind}/${name}`);
      batch.push(["delete", `${kind}/${name}`]);
    },
  };
  cleanups.push(async () => {
    await source.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  await source.start(sink, () => {
    batches.push(batch);
    batch = [];
  });
  return { directory, source, objects, batches, write };
}

const configMap = (name: string, value: string, namespace = "one") =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: ${namespace}}\ndata: {key: ${JSON.stringify(value)}}\n`;

function dataOf(running: Running, key: string): string | undefined {
  const object = running.objects.get(key);
  return object !== undefined && "data" in object ? object.data?.["key"] : undefined;
}

/** Waits without limit other than the test's own. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Long enough for several rounds of looking at the folder, to see that nothing more comes. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 250));

const problemLines = ({ source }: Running) => source.problems().map(formatProblem);

describe("a folder of manifests", () => {
  it("delivers everything in nested folders before start resolves, in one batch", async () => {
    const running = await run({
      "a.yaml": configMap("a", "1"),
      "deep/er/b.yml": configMap("b", "2", "two"),
      "c.json": JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data: { key: "3" } }),
      "notes.txt": configMap("ignored", "4"),
      ".hidden/d.yaml": configMap("ignored", "5"),
    });
    expect([...running.objects.keys()].sort()).toEqual([
      "ConfigMap/default/c",
      "ConfigMap/one/a",
      "ConfigMap/two/b",
      "Namespace/default",
      "Namespace/one",
      "Namespace/two",
    ]);
    expect(running.batches).toHaveLength(1);
    expect(running.source.problems()).toEqual([]);
  });

  it("is an error when the folder does not exist", async () => {
    const source = createFileSource({ directory: "/nonexistent/manifests" });
    await expect(source.start({ set: () => {}, delete: () => {} }, () => {})).rejects.toThrow(ManifestFolderError);
  });

  it("delivers only the object that an edit changes and counts its generation", async () => {
    const running = await run({
      "all.yaml": [configMap("a", "1"), configMap("b", "1"), configMap("c", "1")].join("---\n"),
    });
    running.write("all.yaml", [configMap("a", "1"), configMap("b", "2"), configMap("c", "1")].join("---\n"));
    await until(() => running.batches.length === 2);
    expect(running.batches[1]).toEqual([["set", "ConfigMap/one/b"]]);
    expect(dataOf(running, "ConfigMap/one/b")).toBe("2");
    expect(running.objects.get("ConfigMap/one/b")?.metadata.generation).toBe(2);
    expect(running.objects.get("ConfigMap/one/a")?.metadata.generation).toBe(1);
  });

  it("keeps the generation when only labels change and says nothing when only the spelling does", async () => {
    const route = (metadata: string) =>
      `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: one${metadata}}\nspec: {hostnames: [a.example.com]}\n`;
    const running = await run({ "r.yaml": route("") });
    running.write("r.yaml", `# the same object\n${route("")}`);
    await settle();
    running.write("r.yaml", route(", labels: {a: b}"));
    await until(() => running.batches.length === 2);
    expect(running.objects.get("HTTPRoute/one/r")?.metadata).toMatchObject({ generation: 1, labels: { a: "b" } });
    expect(running.batches[1]).toEqual([["set", "HTTPRoute/one/r"]]);
  });

  it("takes new files in new folders and lets go of removed ones, with their namespaces", async () => {
    const running = await run({ "a.yaml": configMap("a", "1") }, { graceMs: 30 });
    running.write("new/folder/b.yaml", configMap("b", "1", "two"));
    await until(() => running.objects.has("ConfigMap/two/b"));
    running.write("new/folder/b.yaml", configMap("b", "2", "two"));
    await until(() => dataOf(running, "ConfigMap/two/b") === "2");
    rmSync(join(running.directory, "new"), { recursive: true });
    await until(() => !running.objects.has("Namespace/two"));
    expect([...running.objects.keys()].sort()).toEqual(["ConfigMap/one/a", "Namespace/one"]);
  });

  it("keeps the last good version of an object with an error and goes on with the others", async () => {
    const running = await run({ "all.yaml": `${configMap("a", "1")}---\n${configMap("b", "1")}` }, { graceMs: 0 });
    running.write(
      "all.yaml",
      `${configMap("a", "1").replace("data: {key:", "data: {key: 5, k:")}---\n${configMap("b", "2")}`,
    );
    await until(() => dataOf(running, "ConfigMap/one/b") === "2");
    await settle();
    expect(dataOf(running, "ConfigMap/one/a")).toBe("1");
    expect(problemLines(running)).toEqual(["all.yaml, document 1, ConfigMap one/a: data.key must be a string (is 5)"]);
    running.write("all.yaml", `${configMap("a", "3")}---\n${configMap("b", "2")}`);
    await until(() => dataOf(running, "ConfigMap/one/a") === "3");
    expect(running.source.problems()).toEqual([]);
    expect(running.objects.get("ConfigMap/one/a")?.metadata.generation).toBe(2);
  });

  it("keeps the objects of a file for as long as it does not parse", async () => {
    const running = await run({ "a.yaml": configMap("a", "1") }, { graceMs: 0 });
    running.write("a.yaml", "apiVersion: v1\nkind: [\n");
    await until(() => running.source.problems().length > 0);
    await settle();
    expect(dataOf(running, "ConfigMap/one/a")).toBe("1");
    expect(running.batches).toHaveLength(1);
    expect(problemLines(running)[0]).toMatch(/^a\.yaml, document 1: is not valid YAML: line 3, column 1: /);
    running.write("a.yaml", configMap("b", "1"));
    await until(() => !running.objects.has("ConfigMap/one/a"));
    expect(dataOf(running, "ConfigMap/one/b")).toBe("1");
  });

  it("does not notice that a file is emptied and written again", async () => {
    const running = await run({ "a.yaml": configMap("a", "1") }, { graceMs: 60_000 });
    running.write("a.yaml", "");
    await settle();
    running.write("a.yaml", configMap("a", "2").slice(0, -4));
    await settle();
    expect(running.batches).toHaveLength(1);
    running.write("a.yaml", configMap("a", "2"));
    await until(() => running.batches.length === 2);
    expect(running.batches[1]).toEqual([["set", "ConfigMap/one/a"]]);
  });

  it("takes an empty file for a removal after the grace period", async () => {
    const running = await run({ "a.yaml": configMap("a", "1") }, { graceMs: 50 });
    running.write("a.yaml", "\n");
    await until(() => running.objects.size === 0);
    expect(running.batches.slice(1).flat().sort()).toEqual([
      ["delete", "ConfigMap/one/a"],
      ["delete", "Namespace/one"],
    ]);
  });

  it("waits no longer for what is gone when the clock of the day is set back meanwhile", async () => {
    const running = await run({ "a.yaml": configMap("a", "1"), "b.yaml": configMap("b", "1") }, { graceMs: 50 });
    const now = Date.now;
    let asked = 0;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => {
      asked += 1;
      return now() - (asked > 1 ? 3_600_000 : 0);
    });
    unlinkSync(join(running.directory, "a.yaml"));
    await until(() => !running.objects.has("ConfigMap/one/a"));
    clock.mockRestore();
    expect([...running.objects.keys()].sort()).toEqual(["ConfigMap/one/b", "Namespace/one"]);
  });

  it("does not notice that an editor replaces a file by rename", async () => {
    const running = await run({ "a.yaml": configMap("a", "1") }, { graceMs: 60_000 });
    const path = join(running.directory, "a.yaml");
    renameSync(path, `${path}~`);
    await settle();
    writeFileSync(join(running.directory, "4913"), configMap("a", "2"));
    renameSync(join(running.directory, "4913"), path);
    unlinkSync(`${path}~`);
    await until(() => dataOf(running, "ConfigMap/one/a") === "2");
    expect(running.batches.slice(1)).toEqual([[["set", "ConfigMap/one/a"]]]);
  });

  it("takes the swap of a ConfigMap mount's link as one change and reads nothing twice", async () => {
    const version = (directory: string, name: string, value: string) => {
      mkdirSync(join(directory, name));
      for (const file of ["a", "b", "c"]) writeFileSync(join(directory, name, `${file}.yaml`), configMap(file, value));
    };
    const running = await run(
      {},
      {
        prepare: (directory) => {
          version(directory, "..2026_01", "1");
          symlinkSync("..2026_01", join(directory, "..data"));
          for (const file of ["a", "b", "c"]) symlinkSync(`..data/${file}.yaml`, join(directory, `${file}.yaml`));
        },
      },
    );
    expect(running.source.problems()).toEqual([]);
    version(running.directory, "..2026_02", "2");
    symlinkSync("..2026_02", join(running.directory, "..data_tmp"));
    renameSync(join(running.directory, "..data_tmp"), join(running.directory, "..data"));
    rmSync(join(running.directory, "..2026_01"), { recursive: true });
    await until(() => running.batches.length === 2);
    await settle();
    expect(running.batches).toHaveLength(2);
    expect(running.batches[1]).toEqual(["a", "b", "c"].map((name) => ["set", `ConfigMap/one/${name}`]));
    expect(running.source.problems()).toEqual([]);
  });

  it("leaves a duplicate to the first file by path and hands it over when that lets go", async () => {
    const running = await run(
      { "b.yaml": configMap("x", "from b"), "a.yaml": configMap("x", "from a") },
      { graceMs: 30 },
    );
    expect(dataOf(running, "ConfigMap/one/x")).toBe("from a");
    expect(problemLines(running)).toEqual([
      "b.yaml, document 1, ConfigMap one/x: is already in a.yaml; the one in b.yaml is ignored",
    ]);
    unlinkSync(join(running.directory, "a.yaml"));
    await until(() => dataOf(running, "ConfigMap/one/x") === "from b");
    expect(running.source.problems()).toEqual([]);
    expect(running.batches.slice(1).flat()).toEqual([["set", "ConfigMap/one/x"]]);
  });

  it("removes nothing because it cannot be read", async () => {
    const running = await run({ "one/a.yaml": configMap("a", "1"), "one/b.yaml": configMap("b", "1") }, { graceMs: 0 });
    writeFileSync(join(running.directory, "one/a.yaml"), Buffer.from([0xff, 0xfe, 0x41]));
    rmSync(join(running.directory, "one/b.yaml"));
    symlinkSync("nowhere.yaml", join(running.directory, "one/b.yaml"));
    await until(() => running.source.problems().length === 2);
    await settle();
    expect(running.batches).toHaveLength(1);
    expect(problemLines(running)).toEqual([
      "one/a.yaml: is not UTF-8 text",
      "one/b.yaml: cannot be read: the link leads to nothing",
    ]);
    renameSync(running.directory, `${running.directory}-moved`);
    cleanups.push(async () => rmSync(`${running.directory}-moved`, { recursive: true, force: true }));
    await settle();
    expect(running.objects.size).toBe(3);
  });

  it("refuses the change of a GatewayClass's controller, as the API server does", async () => {
    const gatewayClass = (controller: string) =>
      `apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c}\nspec: {controllerName: ${controller}}\n`;
    const running = await run({ "c.yaml": gatewayClass("example.com/one") });
    running.write("c.yaml", gatewayClass("example.com/two"));
    await until(() => running.source.problems().length > 0);
    expect(running.batches).toHaveLength(1);
    expect(problemLines(running)).toEqual([
      "c.yaml, document 1, GatewayClass c: spec.controllerName cannot change; delete the GatewayClass and create it again",
    ]);
  });

  it("finds by its poll what no watch told of", async () => {
    const running = await run({ "a.yaml": configMap("a", "1") }, { pollMs: 30 });
    const outside = mkdtempSync(join(tmpdir(), "gatehouse-outside-"));
    cleanups.push(async () => rmSync(outside, { recursive: true, force: true }));
    mkdirSync(join(outside, "deep"));
    writeFileSync(join(outside, "deep/l.yaml"), configMap("l", "1"));
    symlinkSync(join(outside, "deep"), join(running.directory, "link"));
    await until(() => dataOf(running, "ConfigMap/one/l") === "1");
    // The folder behind the link is replaced: watches of the old one hear nothing.
    renameSync(join(outside, "deep"), join(outside, "old"));
    mkdirSync(join(outside, "deep"));
    writeFileSync(join(outside, "deep/l.yaml"), configMap("l", "2"));
    await until(() => dataOf(running, "ConfigMap/one/l") === "2");
  });
});

describe("a source that is stopped while it starts", () => {
  it("leaves nothing open and delivers nothing", async () => {
    const directory = mkdtempSync(join(tmpdir(), "gatehouse-manifests-"));
    cleanups.push(async () => rmSync(directory, { recursive: true, force: true }));
    writeFileSync(join(directory, "a.yaml"), configMap("a", "1"));
    const source = createFileSource({ directory });
    const delivered: string[] = [];
    const sink = {
      set: (_kind: Kind, name: NamespacedName) => void delivered.push(name),
      delete: (_kind: Kind, name: NamespacedName) => void delivered.push(name),
    };
    const watches = () => process.getActiveResourcesInfo().filter((resource) => resource === "FSEventWrap").length;
    await until(() => watches() === 0);
    const started = source.start(sink, () => {});
    await source.stop();
    await started;
    await until(() => watches() === 0);
    expect(delivered).toEqual([]);
  });
});
