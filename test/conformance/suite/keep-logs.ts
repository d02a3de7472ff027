import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { BedLayout } from "../bed/layout.ts";

/** Copies what the cluster's programs and pods wrote, before the cluster goes: its credentials stay where they are. */
export function keepLogs({ logs, agentState }: Pick<BedLayout, "logs" | "agentState">, target: string): void {
  copyLogs(logs, join(target, "cluster"));
  copyLogs(agentState, join(target, "pods"));
}

/** Leaves out links and hidden folders, in which pods have their volumes. */
function copyLogs(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith(".")) copyLogs(source, join(to, entry.name));
    else if (entry.isFile() && entry.name.endsWith(".log")) {
      mkdirSync(to, { recursive: true });
      copyFileSync(source, join(to, entry.name));
    }
  }
}
