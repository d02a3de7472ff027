import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ContainerLog, readLog } from "./container-log.ts";
import { logQuery } from "./kubelet-logs.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "log-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("lines that come in pieces are written whole, and the last one without an end too", () => {
  const log = new ContainerLog(join(folder, "log"));
  const seen: (string | undefined)[] = [];
  log.follow((line) => seen.push(line?.split(" ").slice(1).join(" ")));
  log.append("one\ntw");
  log.append("o\nthree");
  log.close();
  expect(readLog(log.path, { timestamps: false })).toBe("one\ntwo\nthree\n");
  expect(seen).toEqual(["one\n", "two\n", "three\n", undefined]);
  expect(readFileSync(log.path, "utf8")).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z one\n/);
});

it.each([
  { query: "", want: "a\nb\nc\n" },
  { query: "tailLines=2", want: "b\nc\n" },
  { query: "tailLines=0", want: "" },
  { query: "limitBytes=3", want: "a\nb" },
  { query: "sinceTime=2026-01-01T00:00:02Z", want: "b\nc\n" },
  { query: "sinceSeconds=1", want: "c\n" },
  { query: "tailLines=x&sinceTime=y", want: "a\nb\nc\n" },
  { query: "tailLines=1&timestamps=true", want: "2026-01-01T00:00:03.5Z c\n" },
])("reads what is asked for: $query", ({ query, want }) => {
  const path = join(folder, "log");
  writeFileSync(path, "2026-01-01T00:00:01.5Z a\n2026-01-01T00:00:02.5Z b\n2026-01-01T00:00:03.5Z c\n");
  const now = Date.parse("2026-01-01T00:00:04Z");
  expect(readLog(path, logQuery(new URLSearchParams(query), now))).toBe(want);
});
