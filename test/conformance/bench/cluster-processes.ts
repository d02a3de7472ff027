import { readdir, readFile } from "node:fs/promises";
import { cpuTimeOf, residentOf } from "../../bench/process-cpu.ts";
import { type Part, type PartTimes, type ProcessMemory, parts } from "./bench-settings.ts";

/** The processes of a cluster whose costs are measured. */
export interface ClusterProcesses {
  readonly pids: Readonly<Record<Part, readonly number[]>>;
  /** CPU time so far, milliseconds: of all processes of a part together. */
  cpuTimes(): Promise<PartTimes>;
  memory(): Promise<readonly ProcessMemory[]>;
  /** Fails where a process has ended or another one has come: what was measured meanwhile is worth nothing. */
  check(): Promise<void>;
}

/** Finds the processes of the cluster in whose process namespace this runs. */
export async function findProcesses(expected: { readonly replicas: number }): Promise<ClusterProcesses> {
  const pids = await pidsByPart();
  const counts: Readonly<Record<Part, number>> = { controlPlane: expected.replicas, envoy: 1, apiServer: 1, etcd: 1 };
  for (const part of parts) {
    if (pids[part].length !== counts[part])
      throw new Error(`there are ${pids[part].length} processes of ${part}, not ${counts[part]}`);
  }
  return {
    pids,
    cpuTimes: () => eachPart(async (part) => sum(await Promise.all(pids[part].map(cpuTimeOf)))),
    memory: async () => Promise.all(parts.flatMap((part) => pids[part].map((pid) => memoryOf(part, pid)))),
    check: async () => {
      const now = await pidsByPart();
      if (JSON.stringify(now) !== JSON.stringify(pids)) throw new Error("a process has started anew during the run");
    },
  };
}

/** Adds a figure for each part. */
export function eachPartOf(value: (part: Part) => number): PartTimes {
  return {
    controlPlane: value("controlPlane"),
    envoy: value("envoy"),
    apiServer: value("apiServer"),
    etcd: value("etcd"),
  };
}

async function eachPart(value: (part: Part) => Promise<number>): Promise<PartTimes> {
  const values = new Map(await Promise.all(parts.map(async (part) => [part, await value(part)] as const)));
  return eachPartOf((part) => values.get(part) ?? Number.NaN);
}

async function pidsByPart(): Promise<Readonly<Record<Part, readonly number[]>>> {
  const found = { controlPlane: [], envoy: [], apiServer: [], etcd: [] } satisfies Record<Part, number[]>;
  const byPart: Record<Part, number[]> = found;
  for (const name of await readdir("/proc")) {
    const part = /^\d+$/.test(name) ? partOf(await commandOf(name)) : undefined;
    if (part !== undefined) byPart[part].push(Number(name));
  }
  return byPart;
}

/** By the program itself: those that started it have its command line among their arguments. */
function partOf([program = "", ...args]: readonly string[]): Part | undefined {
  if (program.endsWith("/envoy")) return "envoy";
  if (program.endsWith("/kube") && args[0] === "kube-apiserver") return "apiServer";
  if (program.endsWith("/kube") && args[0] === "etcd") return "etcd";
  return program.endsWith("/node") && args.at(-1) === "controller" ? "controlPlane" : undefined;
}

async function commandOf(pid: string): Promise<readonly string[]> {
  // A process that has just ended has no command line.
  const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return text.split("\0").slice(0, -1);
}

async function memoryOf(part: Part, pid: number): Promise<ProcessMemory> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const peak = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024;
  return { part, residentMiB: await residentOf(pid), peakMiB: peak };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
