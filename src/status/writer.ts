import type { StatusUpdate } from "../core/conditions.ts";
import type { ObjectKey } from "../core/keys.ts";
import type { ObjectStatus } from "../core/object-status.ts";

/**
 * What became of one update: `conflict` tells that somebody else changed the object meanwhile, so that it was read again,
 * `failed` that the API server did not take it for another reason; both are tried again.
 */
export type StatusOutcome = "written" | "unchanged" | "conflict" | "failed";

/**
 * Brings statuses to where users read them. Only the latest value of each object counts: one that is given before its
 * forerunner was written takes its place.
 */
export interface StatusWriter {
  /**
   * Tells the status that an object should have; undefined takes back whatever we said about it. While an update is `pending`
   * what was told before stands, by an earlier process too.
   */
  update(object: ObjectKey, desired: StatusUpdate | undefined): void;
  /** The statuses as users see them, ours and others'. */
  statuses(): ReadonlyMap<ObjectKey, ObjectStatus>;
  /** Resolves once everything given so far is written. */
  stop(): Promise<void>;
}
