/**
 * `make mutants`: applies each fault below this folder by itself to a copy of the checkout and expects the tests that the
 * fault names to fail. `node test/mutants/main.ts [name or area…]` tries only some. What the report UNHARMED (vitest's JSON) says
 * to have passed in this checkout is not run again before.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Mutant, readMutants, selectMutants } from "./mutant.ts";
import { ScratchTree } from "./scratch-tree.ts";
import { passedFiles, runTests } from "./test-run.ts";

/** Mutants that are tried at the same time, each in a tree of its own. */
const lanes = 2;
const deadlineMs = 60_000;

type Verdict =
  | { readonly kind: "caught"; readonly by: string }
  | { readonly kind: "survived" }
  /** Nobody knows whether the tests would notice: counts as survived. */
  | { readonly kind: "unproven"; readonly why: string };

const checkout = join(import.meta.dirname, "../..");
const mutants = selectMutants(readMutants(import.meta.dirname), process.argv.slice(2));
const width = Math.max(...mutants.map(({ name }) => name.length));
const trees = Array.from({ length: lanes }, () => new ScratchTree(checkout));
process.once("exit", () => {
  for (const tree of trees) tree.remove();
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const verdicts = await tryAll();
const caught = verdicts.filter(({ kind }) => kind === "caught").length;
process.exitCode = caught === mutants.length ? 0 : 1;
console.log(`${caught} caught, ${mutants.length - caught} survived`);

async function tryAll(): Promise<readonly Verdict[]> {
  const [first] = trees;
  const futile = first === undefined ? [] : await futileTests(first);
  const waiting = [...mutants];
  const verdicts: Verdict[] = [];
  const lane = async (tree: ScratchTree) => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const verdict = await tryOne(tree, mutant, futile);
      verdicts.push(verdict);
      tell(mutant, verdict);
    }
  };
  await Promise.all(trees.map(lane));
  return verdicts;
}

/** A test that proves nothing, because it fails already; without `test`, no test of the file does. */
interface Futile {
  readonly file: string;
  readonly test?: string;
  readonly why: string;
}

async function futileTests(tree: ScratchTree): Promise<readonly Futile[]> {
  const files = [...new Set(mutants.flatMap(({ catches }) => catches))];
  const missing = files.filter((file) => !existsSync(join(tree.root, file)));
  const absent = missing.map((file): Futile => ({ file, why: `there is no ${file}` }));
  const passed = passedFiles(checkout, process.env["UNHARMED"] ?? "");
  const present = files.filter((file) => !missing.includes(file) && !passed.has(file));
  if (present.length === 0) return absent;
  const run = await runTests(tree.root, { files: present, stopsAtFirst: false, workers: lanes, deadlineMs: 900_000 });
  switch (run.kind) {
    case "passed":
      return absent;
    case "failed":
      return [
        ...absent,
        ...run.failures.map(({ file, test }) => ({ file, test, why: `fails unharmed, too: ${test}` })),
      ];
    case "hung":
      return [...absent, ...present.map((file) => ({ file, why: "unharmed, too, the tests do not end" }))];
    case "broken":
      return [...absent, ...present.map((file) => ({ file, why: `unharmed, too: ${run.message}` }))];
  }
}

function isFutileFor({ catches, tests }: Mutant, { file, test }: Futile): boolean {
  return catches.includes(file) && (test === undefined || tests === undefined || new RegExp(tests).test(test));
}

async function tryOne(tree: ScratchTree, mutant: Mutant, futile: readonly Futile[]): Promise<Verdict> {
  const why = futile.find((candidate) => isFutileFor(mutant, candidate))?.why;
  if (why !== undefined) return { kind: "unproven", why };
  let takeOut: () => void;
  try {
    takeOut = tree.apply(mutant);
  } catch (error) {
    return { kind: "unproven", why: `the patch does not apply: ${error instanceof Error ? error.message : error}` };
  }
  const { catches: files, tests } = mutant;
  // Where only a few tests run, they run to their end: vitest loses a failure among tests that it stops meanwhile.
  const stopsAtFirst = tests === undefined;
  const run = await runTests(tree.root, { files, tests, stopsAtFirst, workers: 1, deadlineMs });
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
  console.log(`${verdict.kind === "survived" ? "SURVIVED" : "UNPROVEN"}  ${label}  ${breaks}`);
  const why = verdict.kind === "unproven" ? verdict.why : `nothing fails in ${catches.join(", ")}`;
  for (const line of why.trim().split("\n").slice(0, 12)) console.log(`            ${line}`);
}
