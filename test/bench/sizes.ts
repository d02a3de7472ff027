import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Summary } from "./samples.ts";
import type { Shape } from "./world.ts";

/** What the translation of one shape and size costs, measured in a process of its own. */
export interface SizeCosts {
  readonly shape: Shape;
  readonly routes: number;
  /** The first translation, with code that has never run before. */
  readonly full: { readonly wallMs: number; readonly cpuMs: number };
  /** One change, from the event to the encoded bytes, milliseconds. */
  readonly change: Summary;
  /** The mean of the CPU time of all threads, the garbage collector's too. */
  readonly changeCpuMs: number;
  /** Of the resources that one change would send. */
  readonly bytes: Summary;
  /** Resident memory: before the objects are there, after their translation, and after thousands of changes. */
  readonly emptyMiB: number;
  readonly translatedMiB: number;
  readonly afterChangesMiB: number;
  readonly samplesMs: readonly number[];
}

/** What to measure, and over how many changes. */
export interface SizeToMeasure {
  readonly shape: Shape;
  readonly routes: number;
  readonly changes: number;
}

const program = fileURLToPath(new URL("one-size.ts", import.meta.url));

/** Measures one shape and size. */
export async function measureSize({ shape, routes, changes }: SizeToMeasure): Promise<SizeCosts> {
  const args = [program, shape, String(routes), String(changes)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
}
