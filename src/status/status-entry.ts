import type { StatusUpdate } from "../core/conditions.ts";
import { type ObjectKey, parseObjectKey } from "../core/keys.ts";
import type { StoredObject } from "../core/stored-object.ts";
import type { HoldMemory } from "./programmed-hold.ts";

/** The pace of writes, in milliseconds. */
export const writePace = {
  /** Most writes at once. */
  concurrency: 8,
  /** Between two writes of the same GatewayClass, Gateway or ListenerSet. */
  apart: 1_000,
  /** After a failure. */
  retry: { first: 500, most: 30_000 },
  /**
   * After the first, the second and any further write of the very same status, which somebody has undone: a slip is put right
   * at once, and who fights for ever is answered every ten minutes.
   */
  undone: [1_000, 60_000, 600_000],
  /** Entries of ours on a route that nothing is said about are taken away after this long. */
  unclaimed: 2_000,
} as const;

/** What a writer knows of one object, and when it may write its status. */
export interface StatusEntry {
  desired?: StatusUpdate;
  /** What is stored stands where nothing else is desired: another update is to come. */
  isPending?: boolean;
  stored?: StoredObject;
  hold: HoldMemory;
  /** No write before this time. */
  notBefore: number;
  /** Nothing is taken away before this time, unless we are told to. */
  spareUntil: number;
  failures: number;
  /** Writes of this very `desired`, and the time of the last. */
  writes: number;
  wroteAt: number;
}

/** An object that nothing is known of. */
export function newEntry(): StatusEntry {
  return { hold: {}, notBefore: 0, spareUntil: 0, failures: 0, writes: 0, wroteAt: Number.NEGATIVE_INFINITY };
}

/** Forgets how writing went, and how long a status was held: another object, or a replica that begins to lead. */
export function beginAnew(entry: StatusEntry): void {
  Object.assign(entry, { hold: {}, notBefore: 0, failures: 0, writes: 0 });
}

/** Gives the translation time to say something about a route before entries of ours on it count as left behind. */
export function spareUnclaimed(entry: StatusEntry, now: number): void {
  if (entry.desired === undefined) entry.spareUntil = now + writePace.unclaimed;
}

/** Says when the status of an object may be written at the earliest. */
export function earliestWrite(object: ObjectKey, entry: StatusEntry): number {
  const { desired, notBefore, spareUntil, writes, wroteAt } = entry;
  const apart = isPaced(object) ? writePace.apart : 0;
  const undone = writes === 0 ? 0 : (writePace.undone[Math.min(writes, writePace.undone.length) - 1] ?? 0);
  const spared = desired === undefined ? spareUntil : 0;
  return Math.max(notBefore, spared, wroteAt + Math.max(apart, undone));
}

/** Whether writes of a kind are gathered, and come before others: Gateways change with every route of theirs, and are few. */
export function isPaced(object: ObjectKey): boolean {
  const { kind } = parseObjectKey(object);
  return kind === "GatewayClass" || kind === "Gateway" || kind === "ListenerSet";
}
