import type { Command } from "commander";
import { version } from "../version.ts";
import type { CommandIo } from "./command-io.ts";

/** Adds `gatehouse version`. */
export function addVersion(program: Command, io: CommandIo): void {
  program
    .command("version")
    .description("print the version")
    .action(() => {
      io.stdout.write(`gatehouse ${version}\n`);
    });
}
