/** `make test`: the type check, the linter and every test. Leaves its results in .cache for scripts/ci.ts to count. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { runParts } from "./parts.ts";
import { checksFile, vitestFile } from "./tally.ts";

// Biome colours its output even where it goes to a file.
const plainInLogs = process.stdout.isTTY ? [] : ["--colors=off"];

mkdirSync(".cache", { recursive: true });
for (const file of [checksFile, vitestFile]) rmSync(file, { force: true });

const checks = await runParts([
  { name: "type check", command: ["tsc", "--noEmit"] },
  { name: "lint", command: ["biome", "ci", "--error-on-warnings", ...plainInLogs] },
]);
writeFileSync(checksFile, JSON.stringify(checks));

const tests = await runParts([
  {
    name: "tests",
    command: ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile=${vitestFile}`],
  },
]);
process.exitCode = [...checks, ...tests].every((part) => part.passed) ? 0 : 1;
