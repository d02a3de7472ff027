import type { Scheduler } from "../core/scheduler.ts";

/** A request for a page of a list that waits for its turn. */
export interface ListTurn {
  /** Resolves when the page may be asked for; false when the turn was given up meanwhile. */
  readonly granted: Promise<boolean>;
  /** Lets the next one go on: after the page, or instead of it. */
  end(): void;
}

const mostAtOnce = 2;
const mostInWindow = 10;
const windowMs = 1_000;

/**
 * Hands out turns to read pages of lists, in order: everything that has to be read again at once, after an API server has
 * forgotten its history, is read two pages at a time and not more than ten a second. The second counts from a page's end:
 * by then the server has seen its request, whenever that was, so it never sees more, however late either side is. The first
 * list of each kind does not wait for the second: nothing is served before it.
 */
export class ListTurns {
  readonly #scheduler: Scheduler;
  readonly #waiting: Waiting[] = [];
  /** When the last turns with a pace ended. */
  readonly #ended: number[] = [];
  #busy = 0;
  /** Those with a pace among them. */
  #pacedBusy = 0;
  #cancel: (() => void) | undefined;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  take(pace: "paced" | "at once"): ListTurn {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting: Waiting = { pace, resolve };
    this.#waiting.push(waiting);
    this.#grant();
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      const index = this.#waiting.indexOf(waiting);
      if (index < 0) this.#leave(pace);
      else this.#waiting.splice(index, 1);
      resolve(false);
      this.#grant();
    };
    return { granted: promise, end };
  }

  #leave(pace: Waiting["pace"]): void {
    this.#busy -= 1;
    if (pace !== "paced") return;
    this.#pacedBusy -= 1;
    this.#ended.push(this.#scheduler.now());
  }

  #grant(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || this.#busy >= mostAtOnce) return;
      const wait = next.pace === "paced" ? this.#untilPaced() : 0;
      if (wait > 0) {
        this.#cancel = this.#scheduler.after(wait, () => this.#grant());
        return;
      }
      if (next.pace === "paced") this.#pacedBusy += 1;
      this.#waiting.shift();
      this.#busy += 1;
      next.resolve(true);
    }
  }

  #untilPaced(): number {
    const now = this.#scheduler.now();
    while (this.#ended.length > 0 && (this.#ended[0] ?? 0) <= now - windowMs) this.#ended.shift();
    // Of ten, more have ended than are under way: the first of them makes room.
    return this.#ended.length + this.#pacedBusy < mostInWindow ? 0 : (this.#ended[0] ?? 0) + windowMs - now;
  }
}

interface Waiting {
  readonly pace: "paced" | "at once";
  readonly resolve: (granted: boolean) => void;
}
