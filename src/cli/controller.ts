import type { Command } from "commander";
import { controllerSettings, readControllerConfig } from "../controller-config.ts";
import { createLogger } from "../logger.ts";
import { keepHeapSmall } from "../memory.ts";
import type { Flags } from "../settings.ts";
import { type CommandIo, exitCodes } from "./command-io.ts";
import { optionOf, runUntilStopped } from "./run-until-stopped.ts";

/** Adds `gatehouse controller`, one replica of the control plane of a cluster. */
export function addController(program: Command, io: CommandIo): void {
  const command = program
    .command("controller")
    .description("serve the Gateways of a Kubernetes cluster: watch, provision, report");
  for (const setting of Object.values(controllerSettings)) command.addOption(optionOf(setting));
  command.action(async (flags: Flags<keyof typeof controllerSettings>) => {
    const result = readControllerConfig(flags, io.environment);
    if (result.kind === "invalid") {
      for (const problem of result.problems) io.stderr.write(`error: ${problem}\n`);
      io.exitWith(exitCodes.usage);
      return;
    }
    keepHeapSmall();
    const { startController } = await import("../app.ts");
    const logger = createLogger(result.config.logLevel);
    await runUntilStopped(() => startController(result.config, logger), logger, io);
  });
}
