import type { Logger } from "../logger.ts";
import type { EnvoyAdmin } from "./envoy-admin.ts";

/** How long a drain takes at least and at most. */
export interface DrainTimes {
  /** Until nobody opens new connections any more: readiness, EndpointSlices and load balancers have to follow. */
  readonly quietMs: number;
  /** When requests that are still under way are given up. */
  readonly mostMs: number;
  /** Between two looks at what is under way. */
  readonly pollMs: number;
}

/** Drains a proxy once, however often it is asked to. */
export class Drain {
  readonly #admin: EnvoyAdmin;
  readonly #times: DrainTimes;
  readonly #logger: Logger;
  #running: Promise<void> | undefined;

  constructor(admin: EnvoyAdmin, times: DrainTimes, logger: Logger) {
    this.#admin = admin;
    this.#times = times;
    this.#logger = logger;
  }

  /** Whether somebody has asked for it. */
  get isStarted(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Makes the proxy not ready, so that it answers what it gets and asks its clients to go elsewhere, and resolves once no
   * request is under way, or when the time is over. Never rejects: a proxy that does not answer has nothing to drain.
   */
  run(): Promise<void> {
    this.#running ??= this.#drain();
    return this.#running;
  }

  async #drain(): Promise<void> {
    const { quietMs, mostMs, pollMs } = this.#times;
    const started = performance.now();
    const spent = () => performance.now() - started;
    if (!(await this.#admin.failHealthChecks())) {
      this.#logger.warn({}, "the proxy does not answer: nothing to drain");
      return;
    }
    this.#logger.info({}, "draining");
    for (;;) {
      const active = await this.#admin.activeRequests();
      if (active === undefined || spent() >= mostMs || (spent() >= quietMs && active === 0)) {
        this.#logger.info({ active: active ?? 0, milliseconds: Math.round(spent()) }, "drained");
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}
