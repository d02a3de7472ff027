import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Metrics } from "../metrics.ts";

/** How often the loop is looked at, in milliseconds: a delay is told to about so much. */
const resolution = 10;

/** Measures how long the event loop keeps everybody waiting: what one thread does at a time nobody else gets done. */
export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution });

  constructor() {
    this.#histogram.enable();
  }

  /** Tells the delays since this was called last. */
  measure({ eventLoopDelay }: Pick<Metrics, "eventLoopDelay">): void {
    const delays = {
      p50: this.#histogram.percentile(50),
      p99: this.#histogram.percentile(99),
      max: this.#histogram.max,
    };
    // A loop that waits for nothing is seen at its time, which the histogram counts as a delay of the resolution.
    for (const [quantile, nanoseconds] of Object.entries(delays)) {
      eventLoopDelay.set({ quantile }, Math.max(0, nanoseconds / 1e9 - resolution / 1e3));
    }
    this.#histogram.reset();
  }

  stop(): void {
    this.#histogram.disable();
  }
}
