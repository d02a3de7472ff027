#!/usr/bin/env node
import "./early-stop.ts";
import { Command, CommanderError } from "commander";
import { addBootstrap } from "./cli/bootstrap.ts";
import { type CommandIo, exitCodes } from "./cli/command-io.ts";
import { addController } from "./cli/controller.ts";
import { addDiff } from "./cli/diff.ts";
import { addExplain } from "./cli/explain.ts";
import { addHistory } from "./cli/history.ts";
import { addLint } from "./cli/lint.ts";
import { addProxyAgent } from "./cli/proxy-agent.ts";
import { addServe } from "./cli/serve.ts";
import { addStatus } from "./cli/status.ts";
import { addTranslate } from "./cli/translate.ts";
import { addTry } from "./cli/try.ts";
import { addVersion } from "./cli/version.ts";
import { addWait } from "./cli/wait.ts";
import { version } from "./version.ts";

const io: CommandIo = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  exitWith: (code) => {
    process.exitCode = code;
  },
};

const program = new Command("gatehouse")
  .description("A Gateway API control plane for gateways that many teams share, on Envoy.")
  .version(version, "--version", "print the version")
  .showHelpAfterError("(--help tells what there is)")
  .exitOverride();
// Inherited by every verb that is added after it.
for (const add of [
  addController,
  addServe,
  addTranslate,
  addDiff,
  addExplain,
  addLint,
  addStatus,
  addHistory,
  addWait,
  addBootstrap,
  addProxyAgent,
  addTry,
  addVersion,
])
  add(program, io);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Commander has told what is wrong. Asking for help or the version is no mistake.
  process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
}
