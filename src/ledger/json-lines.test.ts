import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { JsonLines } from "./json-lines.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-lines-"));
});
afterEach(() => rm(folder, { recursive: true }));

function open(path: string) {
  const told: string[] = [];
  const onProblem = ({ message }: Error) => told.push(message.slice(0, 6));
  return { told, lines: new JsonLines({ path, onProblem, onRecovered: () => told.push("well") }) };
}

it("appends each value on a line of its own, to what is there", async () => {
  const path = join(folder, "ledger.jsonl");
  for (const values of [[{ a: 1 }, { a: "two\nlines" }], [{ a: 3 }]]) {
    const { lines } = open(path);
    lines.append(values);
    await lines.flush();
  }
  const text = await readFile(path, "utf8");
  expect(
    text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([{ a: 1 }, { a: "two\nlines" }, { a: 3 }]);
});

it("keeps the order of what is appended while it writes", async () => {
  const path = join(folder, "ledger.jsonl");
  const { lines } = open(path);
  for (let index = 0; index < 50; index++) lines.append([index]);
  await lines.flush();
  expect((await readFile(path, "utf8")).trimEnd().split("\n").map(Number)).toEqual(
    Array.from({ length: 50 }, (_, i) => i),
  );
});

it("tells once that it cannot write, goes on, and tells when it can again", async () => {
  const path = join(folder, "later", "ledger.jsonl");
  const { lines, told } = open(path);
  for (const value of [1, 2]) {
    lines.append([value]);
    await lines.flush();
  }
  await mkdir(join(folder, "later"));
  lines.append([3]);
  await lines.flush();
  expect(told).toEqual(["ENOENT", "well"]);
  expect(await readFile(path, "utf8")).toBe("3\n");
});
