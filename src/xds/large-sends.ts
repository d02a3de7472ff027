/** A message of more bytes is large. */
export const largeBytes = 256 * 1024;

/** How many large messages may be under way at a time, over all streams. */
const mostAtATime = 8;

/** A client that takes longer than this and a second for each 8 MiB holds nobody else up. */
const defaultPatienceMs = 250;

/** Says that a large message may be under way, until it is given back. */
export interface Permit {
  giveBack(): void;
}

/**
 * Lets few large messages be under way at a time, because each is copied for its stream, and again by TLS: a hundred of
 * 10 MB at once take 2 GB, eight at a time a tenth of that. Under way is what the client has not answered, for a message
 * that has left may be in our memory still. A client that does not answer in time loses its turn and not its message.
 */
export class LargeSends {
  readonly #patienceMs: number;
  readonly #waiting = new Map<object, () => void>();
  #underWay = 0;

  constructor(patienceMs = defaultPatienceMs) {
    this.#patienceMs = patienceMs;
  }

  /** How many are under way. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Takes a permit for a message of so many bytes. Without one, `retry` is called when it is the sender's turn. */
  take(sender: object, bytes: number, retry: () => void): Permit | undefined {
    if (this.#underWay >= mostAtATime) {
      // A sender that asks again keeps its place.
      this.#waiting.set(sender, retry);
      return undefined;
    }
    this.#waiting.delete(sender);
    this.#underWay += 1;
    return this.#permit(this.#patienceMs + bytes / (8 * 1024));
  }

  /** The sender wants nothing any more. */
  forget(sender: object): void {
    this.#waiting.delete(sender);
  }

  #permit(patience: number): Permit {
    let isHeld = true;
    const giveBack = () => {
      if (!isHeld) return;
      isHeld = false;
      clearTimeout(timer);
      this.#underWay -= 1;
      this.#callNext();
    };
    const timer = setTimeout(giveBack, patience);
    timer.unref();
    return { giveBack };
  }

  /** Whoever is called may have nothing large to send by now; then the next one is. */
  #callNext(): void {
    while (this.#underWay < mostAtATime) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      const [sender, retry] = next;
      this.#waiting.delete(sender);
      retry();
    }
  }
}
