import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A small deliberate fault in the product, and the tests that must notice it. */
export interface Mutant {
  /** `<area>/<name>`: where its patch is, without the ending. */
  readonly name: string;
  /** The rule that no longer holds. */
  readonly breaks: string;
  /** Test files, of which at least one must fail. */
  readonly catches: readonly string[];
  /** What the names of those tests match, where a file has many and they take long. */
  readonly tests?: string;
  /** Whether tests that never end count as a catch: only where the fault can do nothing else. */
  readonly mayHang: boolean;
  /** The file with the patch. */
  readonly patchFile: string;
  /** The files of the product that the patch changes. */
  readonly touches: readonly string[];
}

/** Reads every mutant below a folder, in order of their names. */
export function readMutants(folder: string): readonly Mutant[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".patch"))
    .sort()
    .map((path) => parseMutant(path.slice(0, -".patch".length), join(folder, path)));
}

/** The mutants that the command line asks for: by name, by area, or all of them. */
export function selectMutants(mutants: readonly Mutant[], wanted: readonly string[]): readonly Mutant[] {
  const isWanted = ({ name }: Mutant, word: string) => name === word || name.startsWith(`${word}/`);
  const unknown = wanted.find((word) => !mutants.some((mutant) => isWanted(mutant, word)));
  if (unknown !== undefined) throw new Error(`there is no mutant ${unknown}`);
  return wanted.length === 0 ? mutants : mutants.filter((mutant) => wanted.some((word) => isWanted(mutant, word)));
}

function parseMutant(name: string, patchFile: string): Mutant {
  const lines = readFileSync(patchFile, "utf8").split("\n");
  const breaks = headerLine(lines, "breaks");
  const catches = (headerLine(lines, "catches") ?? "").split(" ").filter((file) => file !== "");
  const touches = lines.flatMap((line) => (line.startsWith("+++ b/") ? [line.slice("+++ b/".length)] : []));
  if (breaks === undefined || catches.length === 0)
    throw new Error(`${patchFile} needs lines # breaks: and # catches:`);
  const foreign = touches.find((path) => path.endsWith(".test.ts") || !/^(?:src|proto)\//.test(path));
  if (touches.length === 0 || foreign !== undefined) {
    throw new Error(`${patchFile} must change the product, not ${foreign ?? "nothing"}`);
  }
  const tests = headerLine(lines, "tests");
  const only = tests === undefined ? {} : { tests };
  return {
    name,
    breaks,
    catches,
    ...only,
    mayHang: headerLine(lines, "hangs") === "counts as caught",
    patchFile,
    touches,
  };
}

function headerLine(lines: readonly string[], key: string): string | undefined {
  const start = `# ${key}: `;
  return lines.find((line) => line.startsWith(start))?.slice(start.length);
}
