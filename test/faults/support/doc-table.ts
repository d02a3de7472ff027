import { readFileSync } from "node:fs";

/** The rows of the table below a heading of a page in docs, without code marks and escapes. */
export function docTable(page: string, heading: string): readonly (readonly string[])[] {
  const text = readFileSync(new URL(`../../../docs/${page}`, import.meta.url), "utf8");
  const start = text.indexOf(`\n### ${heading}\n`);
  if (start < 0) throw new Error(`docs/${page} has no heading ${heading}`);
  const end = text.indexOf("\n#", start + 1);
  const lines = text.slice(start, end).split("\n");
  const rows = lines.filter((line) => line.startsWith("| ")).slice(2);
  if (rows.length === 0) throw new Error(`${heading} of docs/${page} has no table`);
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map(cell),
  );
}

/** Code marks keep blanks, and what stands between them is written as in JSON; `⏎` is CR LF. */
function cell(text: string): string {
  const trimmed = text.trim();
  if (!/^`.*`$/.test(trimmed)) return trimmed;
  const code = trimmed.slice(1, -1).replaceAll('"', '\\"');
  return String(JSON.parse(`"${code}"`)).replaceAll("⏎", "\r\n");
}
