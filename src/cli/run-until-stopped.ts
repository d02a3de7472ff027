import { Option } from "commander";
import { handOverSignals } from "../early-stop.ts";
import type { Logger } from "../logger.ts";
import { environmentName, type Setting } from "../settings.ts";
import { type CommandIo, exitCodes } from "./command-io.ts";

/** Something that runs until it is stopped. `ready` fails when it cannot go on, and `failed` when it has to begin anew later. */
export interface Running {
  readonly ready: Promise<void>;
  readonly failed?: Promise<never>;
  stop(): Promise<void>;
}

/** Runs a process of ours until the first signal to stop, and tells how it ended by the exit code. */
export async function runUntilStopped(start: () => Promise<Running>, logger: Logger, io: CommandIo): Promise<void> {
  const stopSignal = nextStopSignal();
  try {
    const running = await start();
    try {
      const endings = [stopSignal, running.ready.then(() => stopSignal), running.failed ?? stopSignal];
      const signal = await Promise.race(endings);
      logger.info({ signal }, "stopping");
    } finally {
      await running.stop();
    }
    logger.info("stopped");
  } catch (error) {
    logger.fatal({ err: error }, `cannot go on: ${toldFailure(error)}`);
    io.exitWith(exitCodes.failure);
  }
}

/** What went wrong, for whoever has started it; what else there is to know stands beside it in the log. */
function toldFailure(error: unknown): string {
  const { code, syscall, address, port, message } = Object(error) as Readonly<Record<string, unknown>>; // any error of Node
  if (syscall !== "listen" || typeof address !== "string") return String(message ?? error);
  const place = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  const reasons = new Map<unknown, string>([
    ["EADDRINUSE", "something else listens there"],
    ["EADDRNOTAVAIL", "this machine has no such address"],
    ["EACCES", "this user may not"],
  ]);
  return `cannot listen on ${place}: ${reasons.get(code) ?? code}. --help names the addresses to choose`;
}

/** Settings are read by whoever knows them, the environment and the defaults too: commander only has to know the words. */
export function optionOf({ flag, value, default: fallback, description }: Setting): Option {
  const given = fallback === undefined ? "" : `default ${fallback}, `;
  const flags = value === undefined ? `--${flag}` : `--${flag} <${value}>`;
  return new Option(flags, `${description} (${given}env ${environmentName(flag)})`);
}

/** Resolves at the first signal to stop. The second ends the process at once, for those who cannot wait. */
function nextStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (signal: NodeJS.Signals) => {
      if (asked) process.exit(exitCodes.failure);
      asked = true;
      resolve(signal);
    };
    process.on("SIGTERM", stop);
    handOverSignals();
    process.on("SIGINT", stop);
  });
}
