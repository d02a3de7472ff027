import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Measure } from "./measure.ts";

/** How big and how long a soak is. */
export interface SoakPlan {
  readonly seconds: number;
  /** How often everything is looked at. */
  readonly checkSeconds: number;
  readonly routes: number;
  readonly proxies: number;
  readonly editsPerSecond: number;
}

/** What was found when edits had paused. */
export interface SoakCheck {
  readonly atSeconds: number;
  /** From the last edit until every proxy held what it should, byte for byte. */
  readonly convergedMs: number;
  readonly measure: Measure;
  readonly streams: number;
}

/** How a soak went. */
export interface SoakReport {
  readonly checks: readonly SoakCheck[];
  /** Before any proxy came, and after all have gone. */
  readonly empty: { readonly before: Measure; readonly after: Measure; readonly streams: number };
  readonly edits: number;
  readonly troubles: {
    readonly cuts: number;
    readonly stalls: number;
    /** Those for which a server need not wait. */
    readonly longStalls: number;
    readonly refusals: number;
    /** Streams that the server has ended. */
    readonly ended: number;
    readonly clockSteps: number;
  };
  /** Of a whole translation in another process, or of another proxy. */
  readonly differences: readonly string[];
  readonly isRunning: boolean;
  /** Whether one in a hundred packets was lost on the way. */
  readonly losesPackets: boolean;
}

const program = fileURLToPath(new URL("./soak-process.ts", import.meta.url));

/** A network of its own, where one packet in a hundred is lost. */
const lossyNetwork = [
  "ip link set lo up",
  "nft add table ip soak",
  "nft 'add chain ip soak input { type filter hook input priority 0; }'",
  "nft add rule ip soak input numgen random mod 100 == 0 drop",
].join(" && ");

/** Runs a soak in a process and, where this user may have one, in a network of its own. */
export async function soak(plan: SoakPlan): Promise<SoakReport> {
  const losesPackets = spawnSync("unshare", ["--net", "sh", "-c", lossyNetwork]).status === 0;
  const child = start(plan, losesPackets);
  // It ends with us: its channel is closed then, and it ends what it has started.
  const ended = once(child, "exit");
  const [message] = await Promise.race([once(child, "message"), ended]);
  if (typeof message !== "object" || message === null) throw new Error(`the soak has ended with ${message}`);
  await ended;
  return { ...(message as SoakReport), losesPackets }; // sent by our own program
}

function start(plan: SoakPlan, losesPackets: boolean): ChildProcess {
  const command = [process.execPath, program, JSON.stringify(plan)];
  const [file = "", ...rest] = losesPackets
    ? ["unshare", "--net", "sh", "-c", `${lossyNetwork} && exec "$@"`, "sh", ...command]
    : command;
  return spawn(file, rest, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
}
