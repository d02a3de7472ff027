import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type ContainerLog, readPipe } from "./container-log.ts";
import { type LaunchPlan, launchScript } from "./launch-script.ts";

/** How a process ended. */
export interface ProcessExit {
  readonly exitCode: number;
}

export interface ProcessInput {
  readonly plan: LaunchPlan;
  /** File of the network namespace; undefined for the node's own network. */
  readonly network: string | undefined;
  readonly command: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  /** What the first words of commands mean that are run in the container later. */
  readonly programs: Readonly<Record<string, readonly string[]>>;
  readonly log: ContainerLog;
}

/** Where the tools of the machine are that the agent uses: a container's own PATH is for its program. */
export const toolPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** One run of a container: the first process of its own namespaces, which takes all others with it. */
export class ContainerProcess {
  readonly input: ProcessInput;
  readonly exited: Promise<ProcessExit>;
  readonly #child: ChildProcess;
  #running = true;

  constructor(input: ProcessInput) {
    this.input = input;
    const { directory } = input.plan;
    mkdirSync(`${directory}/root`, { recursive: true });
    rmSync(`${directory}/pid`, { force: true });
    writeFileSync(`${directory}/launch.sh`, launchScript(input.plan), { mode: 0o700 });
    const pipe = readPipe(input.plan.output, input.log);
    const [program = "false", ...args] = launchCommand(input);
    this.#child = spawn(program, args, { stdio: "ignore", env: { PATH: toolPath } });
    this.exited = new Promise((resolve) => {
      this.#child.once("error", () => resolve({ exitCode: 128 }));
      this.#child.once("exit", (code, signal) => resolve(exitOf(code, signal)));
    });
    void this.exited.then(() => {
      this.#running = false;
      // A program that is killed before it opened the pipe leaves nobody who would close it.
      setTimeout(() => pipe.destroy(), 200);
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /** The number of the container's first process; undefined when it is gone, or not there yet. */
  get pid(): number | undefined {
    if (!this.#running) return undefined;
    try {
      const pid = Number(readFileSync(`${this.input.plan.directory}/pid`, "utf8"));
      return pid > 0 ? pid : undefined;
    } catch {
      // It is written within the first milliseconds of a run.
      return undefined;
    }
  }

  /** Asks the program to end. A program that has no handler for the signal does not notice: it is the first of its namespace. */
  async terminate(): Promise<void> {
    for (let attempt = 0; attempt < 50 && this.#running; attempt++) {
      const pid = this.pid;
      if (pid !== undefined) return sendSignal(pid, "SIGTERM");
      await sleep(20);
    }
  }

  /** Ends every process of the container at once. */
  kill(): void {
    const pid = this.pid;
    if (pid !== undefined) sendSignal(pid, "SIGKILL");
    else if (this.#running) this.#child.kill("SIGKILL");
  }
}

/** The command that runs another one inside a container: same namespaces, same identity, same variables. */
export function enterCommand(pid: number, input: ProcessInput, command: readonly string[]): readonly string[] {
  const variables = [...input.environment].map(([name, value]) => `${name}=${value}`);
  const [first = "false", ...args] = command;
  const program = input.programs[first] ?? [first];
  const enter = ["nsenter", "--target", String(pid), "--mount", "--uts", "--ipc", "--net", "--pid"];
  return [...enter, "setpriv", ...input.plan.setpriv, "--", "/usr/bin/env", "-i", ...variables, ...program, ...args];
}

function launchCommand({ plan, network, command, environment }: ProcessInput): readonly string[] {
  // Whatever ends the agent ends its containers: each process asks to die with its parent.
  const bound = ["setpriv", "--pdeathsig", "KILL", "--"];
  const net = network === undefined ? [] : ["nsenter", `--net=${network}`];
  const unshare = ["unshare", "--mount", "--uts", "--ipc", "--pid"];
  // The child of this shell is the first process of the namespace. unshare would fork too, but does not tell a signal's end.
  const parent = ["sh", "-c", '"$@"; exit $?', "sh"];
  const variables = [...environment].map(([name, value]) => `${name}=${value}`);
  const script = ["sh", `${plan.directory}/launch.sh`, "/usr/bin/env", "-i", ...variables, ...command];
  return [...bound, ...net, ...unshare, ...parent, ...bound, ...script];
}

/** A process that a signal ended counts as it does for a shell, and for container runtimes. */
function exitOf(code: number | null, signal: NodeJS.Signals | null): ProcessExit {
  return { exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) };
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself a moment ago; `exited` tells.
  }
}
