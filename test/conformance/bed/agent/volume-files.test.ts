import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fileMode, writeVolumeFiles } from "./volume-files.ts";
import type { VolumeFile } from "./volume-payload.ts";

let volume = "";
beforeEach(() => {
  volume = mkdtempSync(join(tmpdir(), "volume-"));
});
afterEach(() => rmSync(volume, { recursive: true }));

const nobody = { group: undefined, user: undefined };
const file = (text: string): VolumeFile => ({ bytes: Buffer.from(text), mode: 0o644 });

it("files are reached through one link that turns to the new ones", () => {
  writeVolumeFiles(volume, new Map([["a", file("1")]]), nobody);
  const before = readlinkSync(join(volume, "..data"));
  writeVolumeFiles(volume, new Map([["a", file("2")]]), nobody);
  expect(readlinkSync(join(volume, "a"))).toBe("..data/a");
  expect(readFileSync(join(volume, "a"), "utf8")).toBe("2");
  expect(readlinkSync(join(volume, "..data"))).not.toBe(before);
  expect(readdirSync(volume)).not.toContain(before);
});

it("files in folders have one link for the folder, and what went away leaves none", () => {
  const files = new Map([
    ["certs/a", file("1")],
    ["certs/b", file("2")],
    ["other", file("3")],
  ]);
  writeVolumeFiles(volume, files, nobody);
  expect(readdirSync(volume).filter((name) => !name.startsWith(".."))).toEqual(["certs", "other"]);
  expect(readFileSync(join(volume, "certs/b"), "utf8")).toBe("2");
  writeVolumeFiles(volume, new Map([["other", file("3")]]), nobody);
  expect(readdirSync(volume).filter((name) => !name.startsWith(".."))).toEqual(["other"]);
});

it.each([
  { name: "the pod's group may read", token: false, owner: { group: 5, user: undefined }, mode: 0o400, want: 0o440 },
  { name: "without a group the mode stays", token: false, owner: nobody, mode: 0o400, want: 0o400 },
  { name: "a token is its user's alone", token: true, owner: { group: undefined, user: 7 }, mode: 0o644, want: 0o600 },
  { name: "a token is its group's too", token: true, owner: { group: 5, user: 7 }, mode: 0o644, want: 0o640 },
  { name: "a token of a pod of many users keeps its mode", token: true, owner: nobody, mode: 0o644, want: 0o644 },
])("$name", ({ token, owner, mode, want }) => {
  expect(fileMode({ bytes: Buffer.alloc(0), mode, ...(token ? { token } : {}) }, owner)).toBe(want);
});
