import type { Command } from "commander";
import { readConfig, settings } from "../config.ts";
import { createLogger } from "../logger.ts";
import { keepHeapSmall } from "../memory.ts";
import type { Flags } from "../settings.ts";
import { type CommandIo, exitCodes } from "./command-io.ts";
import { optionOf, runUntilStopped } from "./run-until-stopped.ts";

/** Adds `gatehouse serve`, which runs until it is told to stop. */
export function addServe(program: Command, io: CommandIo): void {
  const command = program.command("serve").description("serve a folder of manifests to Envoy, and follow every edit");
  for (const setting of Object.values(settings)) command.addOption(optionOf(setting));
  command.action(async (flags: Flags<keyof typeof settings>) => {
    const result = readConfig(flags, io.environment);
    if (result.kind === "invalid") {
      for (const problem of result.problems) io.stderr.write(`error: ${problem}\n`);
      io.exitWith(exitCodes.usage);
      return;
    }
    keepHeapSmall();
    const { openStateFile, startStandalone } = await import("../app.ts");
    const { stateFile } = result.config;
    const state = stateFile === undefined ? undefined : openStateFile(stateFile);
    if (state?.kind === "failed") {
      io.stderr.write(`error: --state ${state.message}\n`);
      io.exitWith(exitCodes.failure);
      return;
    }
    const logger = createLogger(result.config.logLevel);
    await runUntilStopped(() => startStandalone(result.config, logger, state?.file), logger, io);
  });
}
