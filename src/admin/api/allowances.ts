import { keepNewest } from "../../core/keep-newest.ts";

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
  readonly #options: AllowanceOptions;
  readonly #left = new Map<string, { readonly tokens: number; readonly at: number }>();

  constructor(options: AllowanceOptions) {
    this.#options = options;
  }

  /** Takes one question. Returns 0, or how many milliseconds are to pass until there is one again. */
  take(name: string): number {
    const wait = this.waitOf(name);
    if (wait === 0) this.charge(name, 1);
    return wait;
  }

  /** How many milliseconds are to pass until there is a question left. */
  waitOf(name: string): number {
    const tokens = this.#tokensOf(name);
    return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / this.#options.perSecond) * 1000);
  }

  /** Takes what a question has cost on top, which may leave a debt. */
  charge(name: string, questions: number): void {
    const { mostDebt, most, now } = this.#options;
    const tokens = Math.max(this.#tokensOf(name) - questions, -mostDebt);
    keepNewest(this.#left, { key: name, value: { tokens, at: now() }, most });
  }

  #tokensOf(name: string): number {
    const { burst, perSecond, now } = this.#options;
    const left = this.#left.get(name);
    return left === undefined ? burst : Math.min(burst, left.tokens + ((now() - left.at) / 1000) * perSecond);
  }
}
