import { readdirSync, readFileSync } from "node:fs";

/** The process that holds a bed's namespaces. A number alone could by now be somebody else's. */
export interface BedProcess {
  readonly pid: number;
  /** Ticks since the machine's boot, from /proc. */
  readonly started: string;
}

/** Names a process that was started a moment ago; undefined where it has ended. */
export function identifyProcess(pid: number): BedProcess | undefined {
  const stat = statOf(pid);
  return stat === undefined || stat.state === "Z" ? undefined : { pid, started: stat.started };
}

/** Reads what {@link formatProcess} wrote; undefined where there is no such file or the process has ended. */
export function readLivingProcess(file: string): BedProcess | undefined {
  const [pid = "", started] = readIfThere(file).trim().split(" ");
  const living = /^\d+$/.test(pid) ? identifyProcess(Number(pid)) : undefined;
  return living?.started === started ? living : undefined;
}

/** The text form of a process, for its file. */
export function formatProcess({ pid, started }: BedProcess): string {
  return `${pid} ${started}\n`;
}

/** The children of a process, by the kernel's table of processes. */
export function childrenOf(parent: number): readonly number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => statOf(pid)?.parent === parent);
}

/** The command line that runs another one inside the namespaces of a bed, with this process's working directory. */
export function enteringCommand({ pid }: BedProcess, command: readonly string[]): readonly [string, ...string[]] {
  const namespaces = [`--net=/proc/${pid}/ns/net`, `--mount=/proc/${pid}/ns/mnt`];
  return ["nsenter", ...namespaces, `--pid=/proc/${pid}/ns/pid_for_children`, "env", "-C", process.cwd(), ...command];
}

interface Stat {
  readonly state: string;
  readonly parent: number;
  readonly started: string;
}

function statOf(pid: number): Stat | undefined {
  const text = readIfThere(`/proc/${pid}/stat`);
  // The program's name, in parentheses, may hold anything; fields are counted from behind it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent] = fields;
  const started = fields[19];
  if (state === undefined || parent === undefined || started === undefined) return undefined;
  return { state, parent: Number(parent), started };
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Whoever asks treats a file that is not there as one that says nothing.
    return "";
  }
}
