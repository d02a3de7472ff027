import type { StatusUpdate } from "../core/conditions.ts";
import type { ObjectKey } from "../core/keys.ts";
import type { ObjectStatus } from "../core/object-status.ts";
import { type MergeContext, mergeStatus, updateGeneration } from "./merge.ts";
import type { StatusOutcome, StatusWriter } from "./writer.ts";

/** What a writer without a cluster needs. The clock is a parameter, so that a test can hold it still. */
export interface MemoryStatusOptions {
  readonly controllerName: string;
  readonly now: () => Date;
  /** Told once for every update. */
  readonly onOutcome?: (outcome: StatusOutcome) => void;
}

/** Keeps statuses in memory for the standalone mode, where no API server stores them. Nobody else writes here. */
export class MemoryStatusWriter implements StatusWriter {
  readonly #options: MemoryStatusOptions;
  readonly #statuses = new Map<ObjectKey, ObjectStatus>();
  readonly #generations = new Map<ObjectKey, number>();

  constructor(options: MemoryStatusOptions) {
    this.#options = options;
  }

  update(object: ObjectKey, desired: StatusUpdate | undefined): void {
    if (desired?.kind === "Route" && desired.pending === true) return;
    const written = desired === undefined ? this.#remove(object) : this.#merge(object, desired);
    this.#options.onOutcome?.(written ? "written" : "unchanged");
  }

  statuses(): ReadonlyMap<ObjectKey, ObjectStatus> {
    return this.#statuses;
  }

  /** Every update was written when it was given. */
  async stop(): Promise<void> {}

  #remove(object: ObjectKey): boolean {
    this.#generations.delete(object);
    return this.#statuses.delete(object);
  }

  #merge(object: ObjectKey, desired: StatusUpdate): boolean {
    const generation = updateGeneration(desired);
    // Generations only grow while an object lives: this one was deleted and made again between two updates.
    if (generation < (this.#generations.get(object) ?? 0)) this.#remove(object);
    this.#generations.set(object, generation);
    const { controllerName, now } = this.#options;
    const context: MergeContext = { controllerName, now: now() };
    const merged = mergeStatus(this.#statuses.get(object), desired, context);
    if (merged === undefined) return false;
    this.#statuses.set(object, merged);
    return true;
  }
}
