import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { RecordKey } from "../core/ownership.ts";
import type { Quarantine } from "../core/quarantine.ts";
import { type KeptClaim, type KeptState, linesOf, readStateText, type StateLine, stateHeader } from "./state-lines.ts";

/** A state file that is open, with what it held; or one sentence about why it cannot be used. */
export type OpenedState =
  | { readonly kind: "opened"; readonly file: StateFile }
  | { readonly kind: "failed"; readonly message: string };

/** Where claims are kept beyond the end of a process that no API server keeps them for. */
export interface ClaimStore {
  /** What was kept when it was opened. */
  readonly claims: ReadonlyMap<RecordKey, KeptClaim>;
  /** Keeps lines for good before it returns; what comes back is why it could not. */
  append(lines: readonly StateLine[]): string | undefined;
}

/** Opens a state file, or makes it. What it says is written anew first, so that it does not grow for ever. */
export function openStateFile(path: string): OpenedState {
  try {
    const read = readStateText(readIfThere(path));
    if (read.kind === "wrong") return { kind: "failed", message: `${path} cannot be used: ${read.message}` };
    return { kind: "opened", file: new StateFile(rewrite(path, read.state), read.state) };
  } catch (error) {
    return { kind: "failed", message: `${path} cannot be used: ${messageOf(error)}` };
  }
}

/** A store that keeps quarantines too. */
export interface StateStore extends ClaimStore {
  /** Those that were kept when it was opened. */
  readonly quarantines: readonly Quarantine[];
}

/** A file to which lines are only ever added. */
export class StateFile implements StateStore {
  readonly claims: ReadonlyMap<RecordKey, KeptClaim>;
  readonly quarantines: readonly Quarantine[];
  readonly #descriptor: number;
  /** Set while the file may end with half a line. */
  #wholeBytes: number | undefined;

  constructor(descriptor: number, { claims, quarantines }: KeptState) {
    this.#descriptor = descriptor;
    this.claims = claims;
    this.quarantines = quarantines;
  }

  append(lines: readonly StateLine[]): string | undefined {
    if (lines.length === 0) return undefined;
    try {
      if (this.#wholeBytes !== undefined) ftruncateSync(this.#descriptor, this.#wholeBytes);
      this.#wholeBytes = fstatSync(this.#descriptor).size;
      writeAll(this.#descriptor, textOf(lines));
      fdatasyncSync(this.#descriptor);
      this.#wholeBytes = undefined;
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

const privately = 0o600;

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (Reflect.get(Object(error), "code") === "ENOENT") return "";
    throw error;
  }
}

/** The new file takes the place of the old one in one step; it stays open for what is added. */
function rewrite(path: string, state: KeptState): number {
  const next = `${path}.next`;
  rmSync(next, { force: true });
  const descriptor = openSync(next, "ax", privately);
  try {
    writeAll(descriptor, `${stateHeader}\n${textOf(linesOf(state))}`);
    fsyncSync(descriptor);
    renameSync(next, path);
    syncFolder(dirname(path));
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** A name counts for good once its folder is written. */
function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  fsyncSync(folder);
  closeSync(folder);
}

function textOf(lines: readonly StateLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** A write may take less than it is given. */
function writeAll(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
