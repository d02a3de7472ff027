import { keepNewest } from "./keep-newest.ts";

/** How many tokens there are, by key. */
export interface TokenBucketOptions {
  /** Tokens of a key that was never seen. */
  readonly burst: number;
  /** Milliseconds in which a key gets one token more. */
  readonly refill: number;
  /** Keys that are remembered; of more, the one that was used longest ago is taken for never seen. */
  readonly most: number;
  /** Tokens that a key may owe at most; none by default. */
  readonly mostDebt?: number;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Limits how often something happens for each of many keys. */
export class TokenBuckets {
  readonly #options: TokenBucketOptions;
  readonly #buckets = new Map<string, { readonly tokens: number; readonly at: number }>();

  constructor(options: TokenBucketOptions) {
    this.#options = options;
  }

  /** Takes a token of a key; false when there is none. */
  take(key: string): boolean {
    const enough = this.level(key) >= 1;
    this.charge(key, enough ? 1 : 0);
    return enough;
  }

  /** How many tokens a key has; below 0 it owes some. */
  level(key: string): number {
    const { burst, refill, now } = this.#options;
    const before = this.#buckets.get(key);
    return before === undefined ? burst : Math.min(burst, before.tokens + (now() - before.at) / refill);
  }

  /** Takes so many tokens of a key, whether or not it has them. */
  charge(key: string, tokens: number): void {
    const { mostDebt = 0, most, now } = this.#options;
    const left = Math.max(this.level(key) - tokens, -mostDebt);
    keepNewest(this.#buckets, { key, value: { tokens: left, at: now() }, most });
  }
}
