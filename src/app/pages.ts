import { createDebugServer } from "../admin/debug-server.ts";
import type { Explainer } from "../admin/explainer.ts";
import { createHealthServer } from "../admin/health-server.ts";
import { listenOn } from "../admin/read-only-server.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import type { ListenAddress } from "../settings.ts";
import type { ControlPlane } from "./control-plane.ts";
import { createDebugView, type ObservedParts } from "./debug-view.ts";
import { EventLoopDelay } from "./event-loop.ts";
import { notTranslated } from "./not-translated.ts";

export interface PagesOptions {
  /** Answers questions about requests and routes. */
  readonly explainer: Explainer;
  readonly config: {
    readonly healthAddress: ListenAddress;
    readonly debugAddress: ListenAddress;
    readonly debugAllowRemote: boolean;
  };
  readonly observed: Omit<ObservedParts, "ready">;
  readonly controlPlane: ControlPlane;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Brings metrics that tell how things stand up to date, besides those of the control plane. */
  readonly measure?: () => void;
  /** What is missing besides a first translation; undefined when nothing is. */
  readonly notReady?: () => string | undefined;
}

/** The two HTTP servers of a control plane: one for machines, one for people. */
export class Pages {
  readonly #options: PagesOptions;
  readonly #eventLoop = new EventLoopDelay();
  readonly #health: ReturnType<typeof createHealthServer>;
  readonly #debug: ReturnType<typeof createDebugServer>;

  constructor(options: PagesOptions) {
    this.#options = options;
    const { observed, controlPlane, metrics, logger, config } = options;
    const notReady = () => (controlPlane.ready ? options.notReady?.() : notTranslated(observed.source));
    const renderMetrics = () => {
      controlPlane.measure();
      options.measure?.();
      this.#eventLoop.measure(metrics);
      return metrics.render();
    };
    this.#health = createHealthServer({ notReady, renderMetrics }, logger);
    const view = createDebugView({ ...observed, ready: () => controlPlane.ready });
    this.#debug = createDebugServer(view, {
      hosts: config.debugAllowRemote ? "addresses" : "loopback",
      explainer: options.explainer,
      logger,
    });
  }

  async listen(): Promise<{ readonly health: ListenAddress; readonly debug: ListenAddress }> {
    const { healthAddress, debugAddress } = this.#options.config;
    return { health: await listenOn(this.#health, healthAddress), debug: await listenOn(this.#debug, debugAddress) };
  }

  async close(): Promise<void> {
    this.#eventLoop.stop();
    await Promise.all([this.#health.close(), this.#debug.close()]);
  }
}
