import { listenOn } from "../admin/read-only-server.ts";
import type { MayRead } from "../admission/access-review.ts";
import { createLoopbackServer } from "../admission/loopback-server.ts";
import { type ReviewOptions, reviewObject } from "../admission/review-object.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import type { ListenAddress } from "../settings.ts";
import { reviewOptions } from "./review-options.ts";

export interface LoopbackAdmissionOptions extends Pick<ReviewOptions, "isReady" | "judge"> {
  /** Absent: nobody is answered. */
  readonly address: ListenAddress | undefined;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** The admission webhook of a control plane without an API server. */
export class LoopbackAdmission {
  readonly #address: ListenAddress | undefined;
  readonly #server: ReturnType<typeof createLoopbackServer>;

  constructor({ address, isReady, judge, metrics, logger }: LoopbackAdmissionOptions) {
    const review = reviewOptions({ isReady, judge, mayRead });
    this.#address = address;
    this.#server = createLoopbackServer({
      review: (request) => reviewObject(request, review),
      onOutcome: (outcome) => metrics.admissionReviews.inc({ outcome }),
      log: logger,
    });
  }

  /** Opens the port, where one is wanted, and tells where it really is. */
  async listen(): Promise<{ readonly webhook?: ListenAddress }> {
    return this.#address === undefined ? {} : { webhook: await listenOn(this.#server, this.#address) };
  }

  async close(): Promise<void> {
    await this.#server.close();
  }
}

/**
 * Without an API server nobody knows who may read what, but for one group that may read everything everywhere.
 * https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege
 */
const mayRead: MayRead = async ({ groups = [] }) => groups.includes("system:masters");
