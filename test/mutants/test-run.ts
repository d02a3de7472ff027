import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** How the tests of some files went. */
export type TestRun =
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly failures: readonly TestFailure[] }
  | { readonly kind: "hung" }
  /** No test has failed, and yet not all ran: a file that does not even load proves nothing. */
  | { readonly kind: "broken"; readonly message: string };

export interface TestFailure {
  readonly file: string;
  readonly test: string;
}

export interface TestRunOptions {
  readonly files: readonly string[];
  /** A regular expression for the names of the tests; all by default. */
  readonly tests?: string | undefined;
  /** Whether the first failure is enough. */
  readonly stopsAtFirst: boolean;
  readonly workers: number;
  readonly deadlineMs: number;
}

/** Runs test files of a tree. */
export async function runTests(root: string, options: TestRunOptions): Promise<TestRun> {
  const reportFile = join(root, "mutant-report.json");
  rmSync(reportFile, { force: true });
  const args = [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--reporter=json",
    `--outputFile=${reportFile}`,
    `--maxWorkers=${options.workers}`,
    "--testTimeout=15000",
    // A cache of what was there a moment ago could pass the fault by, or outlive it.
    "--no-cache",
    "--fsModuleCache=false",
    ...(options.tests === undefined ? [] : [`--testNamePattern=${options.tests}`]),
    ...(options.stopsAtFirst ? ["--bail=1"] : []),
    ...options.files,
  ];
  // A group of its own, so that all that it starts can be ended with it.
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-2000);
  });
  if (!(await ended(child, options.deadlineMs))) return { kind: "hung" };
  return readReport(root, reportFile, child.exitCode ?? 1, errors);
}

/** Waits for the process, but not for ever: then it and everything that it started is killed. */
function ended(child: ChildProcess, deadlineMs: number): Promise<boolean> {
  const kill = () => child.pid !== undefined && process.kill(-child.pid, "SIGKILL");
  process.once("exit", kill);
  return new Promise((resolve, reject) => {
    let isKilled = false;
    const deadline = setTimeout(() => {
      isKilled = true;
      kill();
    }, deadlineMs);
    child.once("error", reject);
    child.once("close", () => {
      clearTimeout(deadline);
      process.removeListener("exit", kill);
      resolve(!isKilled);
    });
  });
}

/** The test files of a tree that a report says to have passed; none where there is no such report. */
export function passedFiles(root: string, reportFile: string): ReadonlySet<string> {
  try {
    const { testResults } = JSON.parse(readFileSync(join(root, reportFile), "utf8")) as Report; // vitest's own
    const passed = testResults.filter(({ status }) => status === "passed");
    return new Set(passed.map(({ name }) => name.slice(root.length + 1)));
  } catch {
    return new Set();
  }
}

/** The part of vitest's report that is read here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

function readReport(root: string, reportFile: string, exitCode: number, errors: string): TestRun {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(reportFile, "utf8")) as Report; // written by vitest a moment ago
  } catch {
    return { kind: "broken", message: errors.trim() || "the tests left no report" };
  }
  const failures = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName }) => ({ file: name.slice(root.length + 1), test: fullName })),
  );
  if (failures.length > 0) return { kind: "failed", failures };
  if (exitCode === 0) return { kind: "passed" };
  const [unloaded] = report.testResults.filter(({ status }) => status === "failed");
  return { kind: "broken", message: unloaded?.message || errors.trim() || `the tests ended with code ${exitCode}` };
}
