import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Puts copies in memory over the machine's folders that a bed writes to: `/run` (names of network namespaces, the store's
 * data) and `/etc` (`/etc/netns`). Runs inside the bed's own mount namespace, with which all of it vanishes.
 */
export function hideMachineFolders(): void {
  mount("-t", "tmpfs", "bed", "/run");
  const copy = mkdtempSync(join(tmpdir(), "bed-etc-"));
  mount("-t", "tmpfs", "bed", copy);
  cpSync("/etc", copy, { recursive: true, verbatimSymlinks: true, filter: isOrdinary });
  mount("--move", copy, "/etc");
  rmdirSync(copy);
  mkdirSync("/etc/netns", { recursive: true });
  mkdirSync("/run/netns", { recursive: true });
}

/** Network namespaces that others have named there are not the bed's. */
function isOrdinary(source: string): boolean {
  return !source.startsWith("/etc/netns/");
}

function mount(...args: string[]): void {
  execFileSync("mount", args, { stdio: ["ignore", "ignore", "pipe"] });
}
