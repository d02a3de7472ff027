/**
 * `make mutants`: applies each fault below this folder by itself to a copy of the checkout and expects the tests that the
 * fault names to fail. `node test/mutants/main.ts [name or area…]` tries only some.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Mutant, readMutants, selectMutants } from "./mutant.ts";
import { ScratchTree } from "./scratch-tree.ts";
import { runTests } from "./test-run.ts";

/** Mutants that are tried at the same time, each in a tree of its own. */
const lanes = 2;
const deadlineMs = 60_000;

type Verdict =
  | { readonly kind: "caught"; readonly by: string }
  | { readonly kind: "survived" }
  /** Nobody knows whether the tests would notice: as bad as surviving. */
  | { readonly kind: "unproven"; readonly why: string };

const checkout = join(import.meta.dirname, "../..");
const mutants = selectMutants(readMutants(import.meta.dirname), process.argv.slice(2));
const width = Math.max(...mutants.map(({ name }) => name.length));
const trees = Array.from({ length: lanes }, () => new ScratchTree(checkout));
try {
  const verdicts = await tryAll();
  const caught = verdicts.filter(({ kind }) => kind === "caught").length;
  process.exitCode = caught === mutants.length ? 0 : 1;
  console.log(`${caught} caught, ${mutants.length - caught} survived`);
} finally {
  for (const tree of trees) tree.remove();
}

async function tryAll(): Promise<readonly Verdict[]> {
  const [first] = trees;
  const failing = first === undefined ? new Map<string, string>() : await failuresWithoutFault(first);
  const waiting = [...mutants];
  const verdicts: Verdict[] = [];
  const lane = async (tree: ScratchTree) => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const verdict = await tryOne(tree, mutant, failing);
      verdicts.push(verdict);
      tell(mutant, verdict);
    }
  };
  await Promise.all(trees.map(lane));
  return verdicts;
}

/** Why test files prove nothing: they fail already, or do not exist. */
async function failuresWithoutFault(tree: ScratchTree): Promise<ReadonlyMap<string, string>> {
  const files = [...new Set(mutants.flatMap(({ catches }) => catches))];
  const missing = files.filter((file) => !existsSync(join(tree.root, file)));
  const present = files.filter((file) => !missing.includes(file));
  const reasons = new Map(missing.map((file) => [file, `there is no ${file}`]));
  if (present.length === 0) return reasons;
  const run = await runTests(tree.root, { files: present, stopsAtFirst: false, workers: lanes, deadlineMs: 180_000 });
  if (run.kind === "failed") {
    for (const { file, test } of run.failures) reasons.set(file, `without the fault, too, ${file} fails: ${test}`);
  } else if (run.kind !== "passed") {
    const why = run.kind === "hung" ? "the tests do not end" : run.message;
    for (const file of present) reasons.set(file, `without the fault, too: ${why}`);
  }
  return reasons;
}

async function tryOne(tree: ScratchTree, mutant: Mutant, failing: ReadonlyMap<string, string>): Promise<Verdict> {
  for (const file of mutant.catches) {
    const why = failing.get(file);
    if (why !== undefined) return { kind: "unproven", why };
  }
  let takeOut: () => void;
  try {
    takeOut = tree.apply(mutant);
  } catch (error) {
    return { kind: "unproven", why: `the patch does not apply: ${error instanceof Error ? error.message : error}` };
  }
  const run = await runTests(tree.root, { files: mutant.catches, stopsAtFirst: true, workers: 1, deadlineMs });
  takeOut();
  switch (run.kind) {
    case "passed":
      return { kind: "survived" };
    case "failed":
      return { kind: "caught", by: run.failures[0]?.test ?? "" };
    case "hung":
      return mutant.mayHang ? { kind: "caught", by: "tests that never end" } : { kind: "unproven", why: "it hangs" };
    case "broken":
      return { kind: "unproven", why: `the tests did not run: ${run.message}` };
  }
}

function tell({ name, breaks, catches }: Mutant, verdict: Verdict): void {
  const label = name.padEnd(width);
  if (verdict.kind === "caught") {
    console.log(`caught    ${label}  by ${verdict.by}`);
    return;
  }
  console.log(`SURVIVED  ${label}  ${breaks}`);
  const why = verdict.kind === "unproven" ? verdict.why : `nothing fails in ${catches.join(", ")}`;
  console.log(`          ${"".padEnd(width)}  ${why.trim().replaceAll("\n", "\n            ")}`);
}
