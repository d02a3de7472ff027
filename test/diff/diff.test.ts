import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { diffAgainst } from "../../src/app/diff/diff-against.ts";
import { readFileWorld } from "../../src/app/world/file-world.ts";
import { diffMarkdown } from "../../src/cli/diff-markdown.ts";
import { diffText } from "../../src/cli/diff-text.ts";
import { printData } from "../../src/cli/print-data.ts";
import type { WorldDiff } from "../../src/core/world-diff.ts";

/**
 * Each file of `cases` is a change of `world.yaml`; beside it stands what `gatehouse diff` prints, in every format.
 * `UPDATE_GOLDEN=1` writes that anew: read the difference before it is kept.
 */
const here = fileURLToPath(new URL(".", import.meta.url));
const update = process.env["UPDATE_GOLDEN"] === "1";
const world = readFileWorld([{ path: "world.yaml", text: readFileSync(join(here, "world.yaml"), "utf8") }]);
const names = readdirSync(join(here, "cases"))
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => file.slice(0, -".yaml".length));

/** What a machine reads: one case is enough for its shape. */
const asJson = "takeover";

async function diffOf(name: string): Promise<WorldDiff> {
  const text = readFileSync(join(here, "cases", `${name}.yaml`), "utf8");
  const result = await diffAgainst(world, {
    change: [{ path: `${name}.yaml`, text }],
    options: {
      controllerName: "gatehouse.dev/gateway-controller",
      placement: { kind: "standalone", bindAddresses: ["0.0.0.0"] },
      remove: name.startsWith("delete-"),
    },
  });
  expect(result.problems).toEqual([]);
  if (result.kind === "failed") throw new Error(result.message);
  return result.diff;
}

function check(file: string, text: string): void {
  const path = join(here, "cases", file);
  if (update) writeFileSync(path, text);
  else expect(text).toBe(readFileSync(path, "utf8"));
}

describe("gatehouse diff", () => {
  it.each(names)("tells what %s does", async (name) => {
    const diff = await diffOf(name);
    check(`${name}.txt`, diffText(diff));
    check(`${name}.md`, diffMarkdown(diff));
    if (name === asJson) check(`${name}.json`, printData(diff, "json"));
  });

  it.each([
    ["new-hostname", "unaffected"],
    ["own-backend", "unaffected"],
    ["new-gateway", "unaffected"],
    ["delete-route", "unaffected"],
    ["narrower-gateway", "affected"],
    ["grant", "affected"],
    ["takeover", "refused"],
    ["path-takeover", "refused"],
    ["older-route", "refused"],
  ] as const)("finds that after %s others are %s", async (name, verdict) => {
    expect((await diffOf(name)).verdict).toBe(verdict);
  });

  it.each(["takeover", "path-takeover", "older-route"])("leaves everybody else alone after %s", async (name) => {
    const { owners, requests, others } = await diffOf(name);
    expect(others).toEqual([]);
    expect([...owners, ...requests].filter(({ foreign }) => foreign)).toEqual([]);
  });

  it("gives the same answer every time", async () => {
    for (const name of names) expect(await diffOf(name)).toEqual(await diffOf(name));
  });
});
