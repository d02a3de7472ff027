import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** How one run of `make demo`'s program ended. */
export interface DemoRun {
  readonly exitCode: number | null;
  readonly output: string;
  readonly errors: string;
  /** Files that it left in its temporary folder. */
  readonly leftFiles: readonly string[];
  /** Processes that still run on files of its temporary folder. */
  readonly leftProcesses: readonly string[];
}

export interface DemoRunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Sends SIGINT, as Ctrl-C does, once the output holds this text. */
  readonly interruptAt?: string;
}

/** Runs the demo as a process of its own, with a temporary folder of its own to look into afterwards. */
export async function runDemo({ environment = {}, interruptAt }: DemoRunOptions = {}): Promise<DemoRun> {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-demo-test-"));
  const child = spawn(process.execPath, [join(repository, "demo/main.ts")], {
    env: { ...process.env, ...environment, TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [output, errors] = [collect(child.stdout), collect(child.stderr)];
  let interrupted = false;
  child.stdout.on("data", () => {
    if (interruptAt === undefined || interrupted || !output().includes(interruptAt)) return;
    interrupted = true;
    child.kill("SIGINT");
  });
  await once(child, "close");
  const leftFiles = readdirSync(folder);
  const leftProcesses = processesWith(folder);
  rmSync(folder, { recursive: true, force: true });
  return { exitCode: child.exitCode, output: output(), errors: errors(), leftFiles, leftProcesses };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

function processesWith(folder: string): readonly string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(commandLine).filter((text) => text.includes(folder));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    // It ended between the listing and the reading.
    return "";
  }
}
