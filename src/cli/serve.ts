import { type Command, Option } from "commander";
import { startStandalone } from "../app.ts";
import { type Config, environmentName, type Flags, readConfig, type Setting, settings } from "../config.ts";
import { createLogger, type Logger } from "../logger.ts";
import { keepHeapSmall } from "../memory.ts";
import { type CommandIo, exitCodes } from "./command-io.ts";

/** Adds `gatehouse serve`, which runs until it is told to stop. */
export function addServe(program: Command, io: CommandIo): void {
  const command = program.command("serve").description("serve a folder of manifests to Envoy, and follow every edit");
  for (const setting of Object.values(settings)) command.addOption(optionOf(setting));
  command.action(async (flags: Flags) => {
    const result = readConfig(flags, io.environment);
    if (result.kind === "invalid") {
      for (const problem of result.problems) io.stderr.write(`error: ${problem}\n`);
      io.exitWith(exitCodes.usage);
      return;
    }
    keepHeapSmall();
    const logger = createLogger(result.config.logLevel);
    try {
      await serveUntilStopped(result.config, logger);
    } catch (error) {
      logger.fatal({ err: error }, "cannot go on");
      io.exitWith(exitCodes.failure);
    }
  });
}

async function serveUntilStopped(config: Config, logger: Logger): Promise<void> {
  const stopSignal = nextStopSignal();
  const app = await startStandalone(config, logger);
  try {
    const signal = await Promise.race([stopSignal, app.ready.then(() => stopSignal)]);
    logger.info({ signal }, "stopping");
  } finally {
    await app.stop();
  }
  logger.info("stopped");
}

/** The environment and the defaults are read by `readConfig`, so commander only has to know the words. */
function optionOf({ flag, value, default: fallback, description }: Setting): Option {
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
    process.on("SIGINT", stop);
  });
}
