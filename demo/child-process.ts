import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A process that the demo started; it is ended by its id and never by its name. */
export interface RunningProcess {
  readonly pid: number;
  readonly name: string;
  /** Undefined while it runs. */
  exitCode(): number | undefined;
  /** The last lines that it wrote to standard error. */
  errors(): string;
  /** The exit code, once it has ended and all its output was read. */
  readonly ended: Promise<number>;
  stop(): Promise<void>;
}

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly onOutput?: (text: string) => void;
}

const graceMs = 4000;
const keptErrors = 20_000;
const running = new Set<ChildProcess>();

// The last resort when the demo itself ends without having stopped what it started.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a process in the demo's own process group, so that a terminal's Ctrl-C reaches it too. */
export function startProcess(options: ProcessOptions): RunningProcess {
  const child = spawn(options.command, options.args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${options.name} cannot be started: is ${options.command} there?`);
  let errors = "";
  running.add(child);
  child.once("exit", () => running.delete(child));
  child.stdout.setEncoding("utf8").on("data", (text: string) => options.onOutput?.(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-keptErrors);
  });
  const ended = new Promise<number>((resolve) => {
    child.once("close", (code) => resolve(code ?? 128));
  });
  return {
    pid,
    name: options.name,
    ended,
    exitCode: () => child.exitCode ?? (child.signalCode === null ? undefined : 128),
    errors: () => errors,
    stop: () => stopProcess(child),
  };
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await ended;
  clearTimeout(timer);
}
