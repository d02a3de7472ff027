import { readdir, readFile } from "node:fs/promises";

/** CPU time that all threads of a process have had so far, milliseconds, to the nanosecond. */
export async function cpuTimeOf(pid: number): Promise<number> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const times = await Promise.all(tasks.map((task) => timeOf(`/proc/${pid}/task/${task}/schedstat`)));
  return times.reduce((sum, time) => sum + time, 0);
}

/** Memory that a process has in use, MiB. */
export async function residentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** A thread that has just ended has nothing to tell. */
async function timeOf(path: string): Promise<number> {
  const text = await readFile(path, "utf8").catch(() => "0");
  return Number(text.split(" ")[0]) / 1e6;
}
