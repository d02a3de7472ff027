import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** One page of what users read, with what programs can check of it. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** The text without its blocks, whose lines are left empty. */
  readonly prose: string;
  /** What stands in backticks, in the prose. */
  readonly codes: readonly string[];
}

/** A fenced block, or lines that are indented as one. */
export interface Block {
  readonly language: string;
  /** Its first line in the page. */
  readonly line: number;
  readonly text: string;
}

/** The root of the repository. */
export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** Installed or made. */
const made: ReadonlySet<string> = new Set([".git", ".tools", ".cache", ".library", "node_modules", "dist", "coverage"]);

/** Every Markdown file that people read; not the printed reports that tests compare with. */
export const pages: readonly Page[] = listFiles()
  .filter((path) => path.endsWith(".md") && !path.startsWith("test/diff/cases/"))
  .map((path) => parsePage(path, readFileSync(join(repository, path), "utf8")));

/** Every file of the repository but those that are installed or made. */
export function listFiles(folder: string = repository): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !made.has(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      const found = relative(repository, path);
      return found === "proto/gen" ? [] : entry.isDirectory() ? listFiles(path) : [found];
    })
    .sort();
}

/** Reads a page. */
export function parsePage(path: string, text: string): Page {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { readonly language: string; readonly line: number; readonly lines: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const fence = /^```(\S*)/.exec(line);
    if (fence !== null && open === undefined) open = { language: fence[1] ?? "", line: index + 2, lines: [] };
    else if (fence !== null && open !== undefined) {
      blocks.push({ language: open.language, line: open.line, text: open.lines.join("\n") });
      open = undefined;
    } else if (open !== undefined) open.lines.push(line);
    else if (/^ {4}\S/.test(line) && (prose.at(-1) ?? "") === "")
      blocks.push({ language: "", line: index + 1, text: line.trim() });
    prose.push(open !== undefined || fence !== null || /^ {4}\S/.test(line) ? "" : line);
  }
  const joined = prose.join("\n");
  const codes = [...joined.matchAll(/(?<!`)`([^`]+)`(?!`)/g)].map(([, code = ""]) => code.replace(/\s+/g, " "));
  return { path, text, blocks, prose: joined, codes };
}

/** The anchors that GitHub gives the headings of a page. */
export function anchorsOf({ prose }: Page): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const headings = [...prose.matchAll(/^#{1,6} +(.*?) *$/gm)].map(([, heading = ""]) => slugOf(heading));
  return new Set(
    headings.map((slug) => {
      const before = seen.get(slug) ?? 0;
      seen.set(slug, before + 1);
      return before === 0 ? slug : `${slug}-${before}`;
    }),
  );
}

function slugOf(heading: string): string {
  const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  return plain.replace(/[^\p{L}\p{N}_\- ]/gu, "").replaceAll(" ", "-");
}
