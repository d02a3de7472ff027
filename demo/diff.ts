/** How one file changed: its path and the lines that went and came. */
export interface FileDiff {
  readonly path: string;
  readonly lines: readonly string[];
}

/** A folder's files by path. */
export type FolderSnapshot = ReadonlyMap<string, string>;

/** Compares two states of a folder, file by file, in the order of their paths. */
export function diffFolders(before: FolderSnapshot, after: FolderSnapshot): readonly FileDiff[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({ path, lines: diffLines(linesOf(before.get(path)), linesOf(after.get(path))) }));
}

/** The lines that differ, `-` before `+`, with one unchanged line of context in front of each group. */
export function diffLines(before: readonly string[], after: readonly string[]): readonly string[] {
  const common = commonLengths(before, after);
  const out: string[] = [];
  let [i, j, context] = [0, 0, true];
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]];
    if (old !== undefined && old === fresh) {
      [i, j, context] = [i + 1, j + 1, true];
      continue;
    }
    const previous = before[i - 1];
    if (context && previous !== undefined) out.push(`  ${previous}`);
    context = false;
    if (old !== undefined && lengthAt(common, i + 1, j) >= lengthAt(common, i, j + 1)) {
      out.push(`- ${old}`);
      i += 1;
    } else {
      out.push(`+ ${fresh ?? ""}`);
      j += 1;
    }
  }
  return out;
}

function linesOf(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.replace(/\n$/, "").split("\n");
}

/** Lengths of the longest common subsequences of every pair of tails; manifests are short. */
function commonLengths(before: readonly string[], after: readonly string[]): readonly (readonly number[])[] {
  const table: number[][] = Array.from({ length: before.length + 1 }, () =>
    new Array<number>(after.length + 1).fill(0),
  );
  for (let i = before.length - 1; i >= 0; i -= 1) {
    const row = table[i] ?? [];
    for (let j = after.length - 1; j >= 0; j -= 1) {
      row[j] =
        before[i] === after[j]
          ? lengthAt(table, i + 1, j + 1) + 1
          : Math.max(lengthAt(table, i + 1, j), lengthAt(table, i, j + 1));
    }
  }
  return table;
}

/** Past the end of `after` every old line goes, so it counts as worse than any length. */
function lengthAt(table: readonly (readonly number[])[], i: number, j: number): number {
  return table[i]?.[j] ?? -1;
}
