import { TokenBuckets } from "../core/token-buckets.ts";

/** Handshakes that a host has begun and not ended. */
const unfinishedOfHost = 256;

/** The same of all hosts. */
const unfinishedOfAll = 2_048;

/** Connections that a host may make at once; the proxies of a large fleet may all come by way of one host. */
const burst = 500;

/** Milliseconds in which it may make one more: a handshake costs about 2 ms. */
const refill = 10;

/** Hosts that are remembered. */
const most = 10_000;

/** How long a handshake may take, in milliseconds. */
export const handshakeMs = 10_000;

/** Bounds what those cost who have not proven anything yet. Who is turned away may try again. */
export class HandshakeLimits {
  readonly #rate: TokenBuckets;
  readonly #unfinished = new Map<string, number>();
  #all = 0;

  constructor(now: () => number) {
    this.#rate = new TokenBuckets({ burst, refill, most, now });
  }

  /** Counts a handshake that begins, unless it is one too many; then it says why. */
  begin(host: string): string | undefined {
    const unfinished = this.#unfinished.get(host) ?? 0;
    if (unfinished >= unfinishedOfHost || this.#all >= unfinishedOfAll) return "too many unfinished handshakes";
    if (!this.#rate.take(host)) return "too many new connections";
    this.#unfinished.set(host, unfinished + 1);
    this.#all += 1;
    return undefined;
  }

  /** One that began is over, however it went. */
  end(host: string): void {
    const unfinished = (this.#unfinished.get(host) ?? 1) - 1;
    this.#all -= 1;
    if (unfinished > 0) this.#unfinished.set(host, unfinished);
    else this.#unfinished.delete(host);
  }
}
