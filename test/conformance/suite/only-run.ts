import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { formatProcess, identifyProcess, readLivingProcess } from "../bed/bed-process.ts";

/** Refuses to go on while another run lives that has claimed the same file; the claim ends with this process. */
export function claimRun(file: string): void {
  const other = readLivingProcess(file);
  if (other !== undefined && other.pid !== process.pid) {
    throw new Error(`another run of the suite is under way in this checkout (process ${other.pid})`);
  }
  const self = identifyProcess(process.pid);
  if (self === undefined) throw new Error("bug: this process is not in /proc");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, formatProcess(self));
  process.once("exit", () => rmSync(file, { force: true }));
}
