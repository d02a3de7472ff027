import type { Scheduler } from "../core/scheduler.ts";

/** What it takes to see an API server go and come back. */
export interface OutageOptions {
  /** Asks for something small on a connection of its own; whether anything came back. */
  readonly probe: () => Promise<boolean>;
  /** Told first when it is back. */
  readonly returned: ReturnListener;
  readonly scheduler: Scheduler;
  readonly random: () => number;
}

/** Told when the API server is back, with the time of the scheduler up to which it was seen to be away. */
export type ReturnListener = (awayUntil: number) => void;

/** How often a server that is away is asked whether it is back, half of it by chance. */
const probeEvery = 1_000;

/**
 * Finds out when an API server answers again that did not. Whoever waits after a failure, or for an answer that was lost,
 * would go on waiting for up to half a minute otherwise. Nothing is sent while requests are answered, and a request that
 * fails alone is no outage: a probe has to fail too. Nor is anything sent for nobody.
 */
export class Outage {
  readonly #options: OutageOptions;
  readonly #listeners = new Set<ReturnListener>();
  /** When a probe failed last in this outage. */
  #awayUntil: number | undefined;
  #isProbing = false;
  #isClosed = false;
  #cancel: (() => void) | undefined;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  onReturn(listener: ReturnListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A request was not answered. */
  suspect(): void {
    if (this.#isProbing || this.#isClosed || this.#listeners.size === 0) return;
    this.#isProbing = true;
    void this.#probe();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    this.#listeners.clear();
  }

  async #probe(): Promise<void> {
    const { probe, scheduler, random } = this.#options;
    const answered = await probe();
    if (this.#isClosed) return;
    if (answered) {
      this.#end();
      return;
    }
    this.#awayUntil = scheduler.now();
    this.#cancel = scheduler.after((probeEvery * (1 + random())) / 2, () => void this.#probe());
  }

  #end(): void {
    const awayUntil = this.#awayUntil;
    this.#isProbing = false;
    this.#awayUntil = undefined;
    if (awayUntil === undefined) return;
    this.#options.returned(awayUntil);
    for (const listener of [...this.#listeners]) listener(awayUntil);
  }
}
