import type { Readable, Writable } from "node:stream";

/** What a verb sees of the process that it runs in. */
export interface CommandIo {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Tells the exit code; the last one counts. 0 where nobody tells one. */
  exitWith(code: number): void;
}

/** Something is wrong with what was asked for, or what was asked for is not good. */
export const exitCodes = { failure: 1, usage: 2 } as const;

/** The output formats besides a verb's own. */
export const dataFormats = ["yaml", "json"] as const;
