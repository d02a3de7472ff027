import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { namespacedName, objectKey } from "../core/keys.ts";
import { type Holding, hostnameRecordKey, pathRecordKey } from "../core/ownership.ts";
import { quarantineOf } from "../core/quarantine.ts";
import { openStateFile, type StateFile } from "./state-file.ts";
import { heldLine, quarantinedLine } from "./state-lines.ts";

let folder = "";
let path = "";
const opened: StateFile[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatehouse-state-"));
  path = join(folder, "state.jsonl");
});

afterEach(() => {
  for (const file of opened.splice(0)) file.close();
  rmSync(folder, { recursive: true });
});

function open(): StateFile {
  const result = openStateFile(path);
  if (result.kind === "failed") throw new Error(result.message);
  opened.push(result.file);
  return result.file;
}

function held(hostname: string, namespace: string): Holding {
  const object = objectKey("HTTPRoute", namespacedName(namespace, "web"));
  return { key: hostnameRecordKey(hostname), hostname, namespace, since: "2026-01-01T00:00:00Z", object };
}

it("gives back what it was given, also paths, and since when nothing wants it", () => {
  const shop = held("shop.example.com", "shop");
  const path = { listener: "Gateway/infra/g/http", type: "PathPrefix", value: "/a" } as const;
  const shared: Holding = { ...held("", "b"), key: pathRecordKey("", path), path };
  const gone = held("gone.example.com", "shop");
  const file = open();
  file.append([shop, shared, gone].map(heldLine));
  file.append([
    { kind: "unused", key: shop.key, since: "2026-01-02T00:00:00Z" },
    { kind: "ended", key: gone.key },
  ]);
  expect([...open().claims.values()]).toEqual([
    { holding: shop, unusedSince: "2026-01-02T00:00:00Z" },
    { holding: shared },
  ]);
});

it("is written anew at each start, for its owner only", () => {
  const file = open();
  const shop = held("shop.example.com", "shop");
  for (let each = 0; each < 5; each += 1) file.append([heldLine(shop)]);
  expect(readFileSync(path, "utf8").trim().split("\n")).toHaveLength(6);
  open();
  expect(readFileSync(path, "utf8").trim().split("\n")).toHaveLength(2);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it("does without a last line that was cut short", () => {
  open().append([heldLine(held("shop.example.com", "shop"))]);
  appendFileSync(path, '{"kind":"held","hostname":"cut.exa');
  expect([...open().claims.keys()]).toEqual([hostnameRecordKey("shop.example.com")]);
});

it.each([
  ["another file", "apiVersion: v1\nkind: Secret\n", "it is no state file of Gatehouse, or of another version"],
  [
    "a line in the middle that cannot be read",
    `${JSON.stringify({ kind: "gatehouse-state", version: 1 })}\nx\n{}\n`,
    "line 2 cannot be read",
  ],
])("refuses %s, and leaves it as it is", (_name, text, message) => {
  writeFileSync(path, text);
  expect(openStateFile(path)).toEqual({ kind: "failed", message: `${path} cannot be used: ${message}` });
  expect(readFileSync(path, "utf8")).toBe(text);
});

it("refuses a folder that is not there", () => {
  path = join(folder, "none", "state.jsonl");
  expect(openStateFile(path)).toEqual({ kind: "failed", message: expect.stringContaining("ENOENT") });
});

it("tells when a write fails", () => {
  const file = open();
  file.close();
  opened.splice(0);
  expect(file.append([heldLine(held("shop.example.com", "shop"))])).toContain("EBADF");
});

it("keeps quarantines, and counts their generations as a new process counts those of files", () => {
  const gateway = namespacedName("infra", "shared");
  const object = objectKey("HTTPRoute", namespacedName("shop", "web"));
  const part = { gateway, object, part: "httproute/shop/web/rule/0", hashes: ["0123456789abcdef"], words: "no" };
  const since = "2026-01-01T00:00:00Z";
  const [kept, gone] = [
    quarantineOf({ ...part, since, generation: 3 }),
    quarantineOf({ ...part, since, generation: 2 }),
  ];
  const file = open();
  file.append([gone, kept].map(quarantinedLine));
  file.append([{ kind: "released", name: gone.metadata.name }]);
  const want = [quarantineOf({ ...part, since, generation: 1 })];
  expect(open().quarantines).toEqual(want);
  expect(open().quarantines).toEqual(want);
  expect(open().claims.size).toBe(0);
});
