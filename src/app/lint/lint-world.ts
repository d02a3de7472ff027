import type { StatusUpdate } from "../../core/conditions.ts";
import type { FindingCode } from "../../core/finding.ts";
import type { ObjectKey } from "../../core/keys.ts";
import type { RoutingView } from "../../translate/pipeline.ts";
import type { PlacedObject } from "../world/world.ts";

/** What rules look at: the objects as they are written, and what follows from them. */
export interface LintWorld {
  readonly objects: readonly PlacedObject[];
  readonly routing: RoutingView;
  /** What is held or wanted, by RecordKey. */
  readonly wanted: ReadonlySet<string>;
  readonly statuses: ReadonlyMap<ObjectKey, StatusUpdate>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What a rule finds; severity, advice and place follow from it. */
export interface RuleFinding {
  readonly code: FindingCode;
  readonly object: ObjectKey;
  readonly message: string;
}

/** One rule, or some that look at the same things. Pure. */
export type LintRule = (world: LintWorld) => readonly RuleFinding[];
