/** What only the leader does, and when it may begin. */
export interface LeaderDuty {
  lead(isLeader: boolean): void;
}

/**
 * Hands the duties out once this replica leads and knows enough, and takes them back the moment that it leads no more. A
 * duty that needs more than the others, such as certificates, waits for that alone.
 */
export class LeaderDuties {
  readonly #duties: readonly { readonly duty: LeaderDuty; readonly isReady: () => boolean }[];
  readonly #handedOut = new Set<LeaderDuty>();
  #isLeader = false;

  constructor(duties: readonly { readonly duty: LeaderDuty; readonly isReady: () => boolean }[]) {
    this.#duties = duties;
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  /** Tells whether this replica leads. */
  lead(isLeader: boolean): void {
    this.#isLeader = isLeader;
    if (isLeader) {
      this.look();
      return;
    }
    for (const duty of this.#handedOut) duty.lead(false);
    this.#handedOut.clear();
  }

  /** Looks again whether duties may begin: to be called whenever their conditions may have changed. */
  look(): void {
    if (!this.#isLeader) return;
    for (const { duty, isReady } of this.#duties) {
      if (this.#handedOut.has(duty) || !isReady()) continue;
      this.#handedOut.add(duty);
      duty.lead(true);
    }
  }
}
