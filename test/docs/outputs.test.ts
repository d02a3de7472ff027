import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pages, repository } from "./pages.ts";

/** Blocks that begin with a command on files of this repository: what follows is what it prints. */
const shown = pages.flatMap(({ path, blocks }) =>
  blocks.flatMap(({ text, line }) => {
    const [command = "", ...output] = text.split("\n");
    const [, words] = /^\$ gatehouse (.* -f (?:examples|deploy)\/.*)$/.exec(command) ?? [];
    return words === undefined ? [] : [{ where: `${path}:${line}`, words, output: `${output.join("\n")}\n` }];
  }),
);

describe("what pages show of `gatehouse`", () => {
  it("is something", () => {
    expect(shown.map(({ where }) => where.split(":")[0])).toContain("README.md");
  });

  it.each(shown)("$where is what it prints", ({ words, output }) => {
    const args = [join(repository, "src/main.ts"), ...words.split(" ")];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: repository, env: {}, encoding: "utf8" });
    expect([stdout, stderr]).toEqual([output, ""]);
  });
});
