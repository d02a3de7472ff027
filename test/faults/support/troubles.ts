import type { FollowingEnvoy } from "./following-envoy.ts";

/** How often each trouble befalls one proxy, in every twenty milliseconds. */
const chances = { cut: 1 / 3000, stall: 1 / 3000 } as const;
/** Mostly short; some are longer than the server's patience. */
const stallMs = { usual: 5000, long: 70_000, patience: 25_000 } as const;

/** What befalls proxies: connections that end, and proxies that read nothing for a while. */
export class Troubles {
  readonly #proxies: readonly FollowingEnvoy[];
  readonly #random: () => number;
  readonly #stalled = new Map<FollowingEnvoy, NodeJS.Timeout>();
  readonly counts = { cuts: 0, stalls: 0, longStalls: 0 };

  constructor(proxies: readonly FollowingEnvoy[], random: () => number) {
    this.#proxies = proxies;
    this.#random = random;
  }

  /** Lets something happen to some of them, or nothing. */
  maybeCause(proxies: number): void {
    if (this.#random() < proxies * chances.cut) {
      this.counts.cuts += 1;
      this.#any()?.cut();
    }
    if (this.#random() < proxies * chances.stall) this.#stall(this.#any());
  }

  /** All read again. */
  end(): void {
    for (const [proxy, timer] of this.#stalled) {
      clearTimeout(timer);
      proxy.resume();
    }
    this.#stalled.clear();
  }

  #stall(proxy: FollowingEnvoy | undefined): void {
    if (proxy === undefined || this.#stalled.has(proxy)) return;
    this.counts.stalls += 1;
    proxy.stall();
    const time = this.#random() * (this.#random() < 0.1 ? stallMs.long : stallMs.usual);
    if (time > stallMs.patience) this.counts.longStalls += 1;
    const resume = () => {
      this.#stalled.delete(proxy);
      proxy.resume();
    };
    this.#stalled.set(proxy, setTimeout(resume, time));
  }

  #any(): FollowingEnvoy | undefined {
    return this.#proxies[Math.floor(this.#random() * this.#proxies.length)];
  }
}
