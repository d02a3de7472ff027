import { rmSync } from "node:fs";
import { childrenOf, readLivingProcess } from "./bed-process.ts";
import type { BedLayout } from "./layout.ts";
import { waitFor } from "./wait-for.ts";

/** Ends the bed of a state, where one runs, and removes the state. */
export async function endBed(layout: BedLayout): Promise<void> {
  await endProcesses(layout);
  rmSync(layout.stateDirectory, { recursive: true, force: true });
  rmSync(layout.apiSocket, { force: true });
}

/**
 * Ends the processes of a bed, where one runs; its logs stay. The kernel ends all processes of the bed before it lets the
 * first one go, and the bed's mounts and networks go with them.
 */
export async function endProcesses(layout: BedLayout): Promise<void> {
  const holder = readLivingProcess(layout.processFile);
  if (holder === undefined) return;
  const firsts = childrenOf(holder.pid);
  for (const pid of firsts.length === 0 ? [holder.pid] : firsts) process.kill(pid, "SIGKILL");
  await waitFor("the bed's processes to end", async () => readLivingProcess(layout.processFile) === undefined, 30);
}
