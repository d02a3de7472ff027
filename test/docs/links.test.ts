import { existsSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, listFiles, type Page, pages, parsePage, repository } from "./pages.ts";

const files = listFiles();
const pageAt = new Map(pages.map((page) => [page.path, page]));
const links = pages.flatMap((page) => linksOf(page).map((target) => ({ page, target })));

describe("the pages", () => {
  it("are found, with their links", () => {
    expect(pages.map(({ path }) => path)).toEqual(expect.arrayContaining(["README.md", "docs/install.md"]));
    expect(links.length).toBeGreaterThan(100);
  });

  it("link to what there is", () => {
    expect(links.map(({ page, target }) => problemOf(page, target)).filter((problem) => problem !== undefined)).toEqual(
      [],
    );
  });

  it("name files and folders that there are", () => {
    const missing = pages
      .filter(({ path }) => path !== "CHANGELOG.md")
      .flatMap((page) =>
        pathsIn(page)
          .filter((path) => !isThere(path))
          .map((path) => `${page.path}: ${path}`),
      );
    expect(missing).toEqual([]);
  });

  it("are each linked to from another", () => {
    const linked = new Set(links.map(({ page, target }) => pathOf(page, target)));
    // GitHub shows these by themselves; folders are linked to as such.
    const shown = (path: string) => ["README.md", "CONTRIBUTING.md"].includes(path) || linked.has(dirname(path));
    expect(pages.map(({ path }) => path).filter((path) => !linked.has(path) && !shown(path))).toEqual([]);
  });
});

describe("a wrong link", () => {
  // In the place of a page that there is, for files are looked for.
  const page = parsePage(
    "docs/tls.md",
    "# One `two`\n\n[a](no.md) [b](install.md#no) [c](#one-two) [d](../src/no.ts)\n",
  );

  it("is found", () => {
    const problems = linksOf(page).map((target) => problemOf(page, target));
    expect(problems).toEqual([
      "docs/tls.md: no.md is not there",
      "docs/tls.md: install.md#no has no such heading",
      undefined,
      "docs/tls.md: ../src/no.ts is not there",
    ]);
  });
});

/** The targets of links within the repository. */
function linksOf({ prose }: Page): readonly string[] {
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

function pathOf(page: Page, target: string): string {
  const [path = ""] = target.split("#");
  return path === "" ? page.path : normalize(join(dirname(page.path), path)).replace(/\/$/, "");
}

function problemOf(page: Page, target: string): string | undefined {
  const path = pathOf(page, target);
  if (!existsSync(join(repository, path))) return `${page.path}: ${target} is not there`;
  const [, anchor] = target.split("#");
  if (anchor === undefined) return undefined;
  const there = path === page.path ? page : pageAt.get(path);
  return there !== undefined && anchorsOf(there).has(anchor)
    ? undefined
    : `${page.path}: ${target} has no such heading`;
}

/** What looks like a file of ours, or begins with a folder of ours. */
function pathsIn({ codes }: Page): readonly string[] {
  const words = codes.filter((code) => /^[\w.*-]+(\/[\w.*-]+)*\/?$/.test(code));
  return words.filter((word) => /[^/]\.(ts|mjs|md|sh|py|proto|txt)$/.test(word) || tops.has(word.split("/")[0] ?? ""));
}

const tops: ReadonlySet<string> = new Set(["bin", "src", "test", "demo", "docs", "deploy", "examples", "scripts"]);

/** A page may leave out the folders that its sentence is about: `ownership/route-ownership.ts` of `src/translate`. */
function isThere(word: string): boolean {
  const path = word.replace(/\/$/, "");
  if (!tops.has(path.split("/")[0] ?? "") || path.includes("*")) {
    const pattern = new RegExp(`(^|/)${path.replaceAll(".", "\\.").replaceAll("*", "[^/]*")}$`);
    return files.some((file) => pattern.test(file));
  }
  const full = join(repository, path);
  return existsSync(full) && (word.endsWith("/") ? statSync(full).isDirectory() : true);
}
