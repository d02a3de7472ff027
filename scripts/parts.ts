import { spawn } from "node:child_process";

/** One part of a test run: a name for people, and the command that must exit with 0. */
export interface Part {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
}

/** How one part went. */
export interface PartResult {
  readonly name: string;
  readonly passed: boolean;
  readonly minutes: number;
}

/** Runs parts one after the other, the later ones also when an earlier one fails, and prints how long each took. */
export async function runParts(parts: readonly Part[]): Promise<readonly PartResult[]> {
  const results: PartResult[] = [];
  for (const part of parts) {
    console.log(`\n=== ${part.name}`);
    results.push(await runPart(part));
  }
  console.log("");
  for (const { name, passed, minutes } of results) {
    console.log(`${passed ? "passed" : "FAILED"}  ${minutes.toFixed(2).padStart(6)} min  ${name}`);
  }
  return results;
}

function runPart(part: Part): Promise<PartResult> {
  const started = performance.now();
  const [program, ...args] = part.command;
  return new Promise((resolve) => {
    const finish = (passed: boolean): void => {
      resolve({ name: part.name, passed, minutes: (performance.now() - started) / 60_000 });
    };
    const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", (error) => {
      console.error(`${program}: ${error.message}`);
      finish(false);
    });
    child.once("close", (code) => finish(code === 0));
  });
}
