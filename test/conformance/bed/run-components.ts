import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Component } from "./control-plane.ts";

/** Starts programs that are to run for as long as the bed does, each with a log of its own; tells when one ends. */
export function runComponents(components: readonly Component[], logs: string, onEnd: (reason: string) => void): void {
  for (const { name, command } of components) {
    const [program, ...args] = command;
    const log = openSync(join(logs, `${name}.log`), "a");
    const child = spawn(program, args, { stdio: ["ignore", log, log] });
    closeSync(log);
    child.once("error", (error) => onEnd(`${name} did not start: ${error.message}`));
    child.once("exit", (code, signal) => onEnd(`${name} ended with ${signal ?? `code ${code}`}, see ${name}.log`));
  }
}
