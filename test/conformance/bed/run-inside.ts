import { type ChildProcess, spawn } from "node:child_process";
import { type BedProcess, enteringCommand } from "./bed-process.ts";
import { binaryFolder } from "./binaries.ts";
import type { BedLayout } from "./layout.ts";

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the program and with it the promise; 60 s unless told. */
  readonly timeoutSeconds?: number;
  /** Sees the output as it comes. */
  readonly onOutput?: (text: string) => void;
}

/** How a program ended: its exit code, or 128 and more for a signal, as a shell counts. */
export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Inside {
  readonly process: BedProcess;
  readonly layout: BedLayout;
}

/** Runs a program in the namespaces of a bed. */
export function runInside(
  inside: Inside,
  command: readonly string[],
  { input = "", env = {}, timeoutSeconds = 60, onOutput }: RunOptions = {},
): Promise<RunResult> {
  const [program, ...args] = enteringCommand(inside.process, command);
  const child = spawn(program, args, {
    env: { ...process.env, ...insideEnvironment(inside.layout), ...env },
    // A process group of its own: nsenter's child, which is the program, is to end with it.
    detached: true,
  });
  const timer = setTimeout(() => endGroup(child), timeoutSeconds * 1000);
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
      onOutput?.(text);
    });
  }
  // A program that does not read its input is no fault.
  child.stdin.on("error", () => undefined).end(input);
  const ended = new Promise<RunResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 137, ...output }));
  });
  return ended.finally(() => clearTimeout(timer));
}

/** What programs inside the bed find in their environment. */
export function insideEnvironment(layout: BedLayout): Readonly<Record<string, string>> {
  return {
    KUBECONFIG: layout.kubeconfig,
    PATH: `${binaryFolder()}:${process.env["PATH"] ?? "/usr/bin:/bin"}`,
    HELM_CACHE_HOME: `${layout.stateDirectory}/helm`,
    HELM_CONFIG_HOME: `${layout.stateDirectory}/helm`,
    HELM_DATA_HOME: `${layout.stateDirectory}/helm`,
    // Clients that honour proxies would look for them outside.
    NO_PROXY: "*",
    no_proxy: "*",
  };
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself a moment ago.
  }
}
