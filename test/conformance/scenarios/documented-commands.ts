import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The commands of the first code block below a heading of a document. */
export function commandsBelow(heading: string, document: string): readonly string[] {
  const text = readFileSync(`${checkout}${document}`, "utf8");
  const start = text.indexOf(`\n## ${heading}\n`);
  const [, block = ""] = start === -1 ? [] : text.slice(start).split(/^```.*$/m);
  // A line that ends with a backslash goes on in the next.
  return block
    .replaceAll("\\\n", "")
    .split("\n")
    .filter((line) => line.trim() !== "");
}

const checkout = fileURLToPath(new URL("../../../", import.meta.url));
