import { cpSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BedLayout } from "../bed/layout.ts";
import { resultFolder } from "./places.ts";

/** Copies what the cluster's programs and pods wrote, before the cluster goes: its credentials stay where they are. */
export function keepLogs({ logs, agentState }: BedLayout): void {
  const filter = (source: string): boolean => source.endsWith(".log") || isFolder(source);
  for (const [from, name] of [
    [logs, "cluster"],
    [agentState, "pods"],
  ] as const) {
    cpSync(from, join(resultFolder, name), { recursive: true, filter });
  }
}

function isFolder(path: string): boolean {
  // Pods come and go meanwhile.
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
