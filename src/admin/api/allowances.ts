import { TokenBuckets } from "../../core/token-buckets.ts";

export interface AllowanceOptions {
  /** Questions of somebody who has not asked for a while. */
  readonly burst: number;
  readonly perSecond: number;
  /** Questions that somebody may be in debt after one that took long. */
  readonly mostDebt: number;
  /** Names that are remembered; of more, the one that asked longest ago starts afresh. */
  readonly most: number;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Limits how much each of many callers may ask, counted in questions. */
export class Allowances {
  readonly #buckets: TokenBuckets;
  /** Milliseconds until there is one question more. */
  readonly #refill: number;

  constructor({ perSecond, ...options }: AllowanceOptions) {
    this.#refill = 1000 / perSecond;
    this.#buckets = new TokenBuckets({ ...options, refill: this.#refill });
  }

  /** Takes one question. Returns 0, or how many milliseconds are to pass until there is one again. */
  take(name: string): number {
    const wait = this.waitOf(name);
    if (wait === 0) this.charge(name, 1);
    return wait;
  }

  /** How many milliseconds are to pass until there is a question left. */
  waitOf(name: string): number {
    const questions = this.#buckets.level(name);
    return questions >= 1 ? 0 : Math.ceil((1 - questions) * this.#refill);
  }

  /** Takes what a question has cost on top, which may leave a debt. */
  charge(name: string, questions: number): void {
    this.#buckets.charge(name, questions);
  }
}
