import { keepNewest } from "./keep-newest.ts";

/** How many tokens there are, by key. */
export interface TokenBucketOptions {
  /** Tokens of a key that was never seen. */
  readonly burst: number;
  /** Milliseconds in which a key gets one token more. */
  readonly refill: number;
  /** Keys that are remembered; of more, the one that was used longest ago is taken for never seen. */
  readonly most: number;
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
    const { burst, refill, most, now } = this.#options;
    const at = now();
    const before = this.#buckets.get(key) ?? { tokens: burst, at };
    const tokens = Math.min(burst, before.tokens + (at - before.at) / refill);
    const enough = tokens >= 1;
    keepNewest(this.#buckets, { key, value: { tokens: enough ? tokens - 1 : tokens, at }, most });
    return enough;
  }
}
