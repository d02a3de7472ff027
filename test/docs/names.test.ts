import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { metricDefinitions } from "../../src/metrics.ts";
import { listFiles, pages, repository } from "./pages.ts";

const sources = listFiles()
  .filter(
    (path) => /^(src|demo|deploy|test\/conformance)\/.*\.(ts|yaml|json|tpl)$/.test(path) && !path.includes(".test."),
  )
  .map((path) => readFileSync(join(repository, path), "utf8"))
  .join("\n");
const guides = pages.filter(({ path }) => !/^(CHANGELOG|docs\/adr\/|docs\/benchmarks)/.test(path));

/** Words of specifications that pages say to be out of our hands. */
const ofOthers: ReadonlySet<string> = new Set(["TooManyListeners", "SameSite"]);

describe("what the pages name", () => {
  it("are metrics that there are", () => {
    const known = Object.values(metricDefinitions).map(({ name }): string => name);
    const named = pages.flatMap(({ path, text }) =>
      (text.match(/\bgatehouse_[a-z_]+/g) ?? []).map((name) => ({ path, name })),
    );
    const bare = (name: string): string => name.replace(/_(bucket|sum|count)$/, "");
    expect(named.filter(({ name }) => !known.includes(bare(name)))).toEqual([]);
    expect(known.filter((name) => !named.some((each) => each.name === name))).toEqual([]);
  });

  it("are reasons, conditions and kinds that something of ours writes or reads", () => {
    const words = guides.flatMap(({ path, codes }) =>
      codes
        .flatMap(
          (code) =>
            code.match(/^(?:gatehouse\.dev\/)?([A-Z][a-z]+(?:[A-Z][A-Za-z]+)+)(?:=(?:True|False))?$/)?.[1] ?? [],
        )
        .map((word) => ({ path, word })),
    );
    expect(words.length).toBeGreaterThan(60);

    expect(words.filter(({ word }) => !ofOthers.has(word) && !new RegExp(`\\b${word}\\b`).test(sources))).toEqual([]);
  });

  it("are debug pages and questions that are answered", () => {
    const paths = pages.flatMap(({ path, codes }) =>
      codes
        .flatMap((code) => code.match(/(?<![\w.])\/(?:debug|v1)\/[a-z][a-z/]*/g) ?? [])
        .map((found) => ({ path, found })),
    );
    expect(paths.length).toBeGreaterThan(5);
    // Questions are put together from the words behind /v1.
    const isThere = (found: string) =>
      sources.includes(`"${found}"`) ||
      sources.includes(`\`${found}`) ||
      sources.includes(`"${found.replace("/v1", "")}"`);
    expect(paths.filter(({ found }) => !isThere(found))).toEqual([]);
  });

  it("are ports that something opens", () => {
    const ports = guides
      .filter(({ path }) => /^(README|docs\/(install|metrics|asking-live|convergence))/.test(path))
      .flatMap(({ path, prose }) =>
        [...prose.matchAll(/\b[Pp]ort (\d{4,5})\b/g)].map(([, port = ""]) => ({ path, port })),
      );
    expect(ports.length).toBeGreaterThan(5);
    const spelled = (port: string) =>
      [port, port.replace(/(\d{3})$/, "_$1")].some((each) => new RegExp(`\\b${each}\\b`).test(sources));
    expect(ports.filter(({ port }) => !spelled(port))).toEqual([]);
  });
});
