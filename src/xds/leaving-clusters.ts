import type { ResourceType } from "../core/xds-resource.ts";
import type { Gates } from "./ordering.ts";

/**
 * Lets clusters that nothing names any more stay for a while. A proxy that acknowledged a route table still works on
 * requests that it has read under the table before: one that waits for its turn in the connection, for a filter's answer, or
 * for another try looks its cluster up only then, and answers 503 if it is gone.
 */
export class LeavingClusters {
  readonly #lingerMs: number;
  readonly #onDue: () => void;
  /** When each could first have been removed, by a clock that only goes forward. */
  readonly #since = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(lingerMs: number, onDue: () => void) {
    this.#lingerMs = lingerMs;
    this.#onDue = onDue;
  }

  /** The same gates, but that what may be removed is removed only after a while in which it might have been all the time. */
  delay(type: ResourceType, gates: Gates): Gates {
    if (this.#lingerMs === 0 || type !== "cluster") return gates;
    return {
      mayAdd: gates.mayAdd,
      mayRemove: (name, at) => {
        if (gates.mayRemove(name, at)) return this.#isDue(name);
        this.#since.delete(name);
        return false;
      },
    };
  }

  /** Forgets what has changed, or is on its way out. */
  forget(type: ResourceType, names: Iterable<string>): void {
    if (type === "cluster") for (const name of names) this.#since.delete(name);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#since.clear();
  }

  #isDue(name: string): boolean {
    const now = performance.now();
    const since = this.#since.get(name) ?? now;
    this.#since.set(name, since);
    const left = since + this.#lingerMs - now;
    if (left <= 0) return true;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#onDue();
    }, left + 1);
    return false;
  }
}
