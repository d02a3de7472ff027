import { createAccessReview } from "../admission/access-review.ts";
import { type AdmissionServer, createAdmissionServer } from "../admission/admission-server.ts";
import { type OwnershipVerdict, reviewObject } from "../admission/review-object.ts";
import { WebhookRegistration, webhookConfigurations } from "../admission/webhook-registration.ts";
import type { WebhookConfig } from "../controller-config.ts";
import type { ListenerSet, Route } from "../core/gateway-api.ts";
import { systemScheduler } from "../core/scheduler.ts";
import type { Trust } from "../identity/trust.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import { formatListenAddress, type ListenAddress } from "../settings.ts";
import type { KubeApi } from "../watch/kube-api.ts";
import { createReflector, type Reflector } from "../watch/reflector.ts";
import type { LeaderDuty } from "./leader-duties.ts";
import { reviewOptions } from "./review-options.ts";

export interface AdmissionOptions {
  readonly config: WebhookConfig;
  readonly api: KubeApi;
  readonly trust: Trust;
  /** Whether everything is translated; until then every object passes. */
  readonly isReady: () => boolean;
  readonly judge: (object: Route | ListenerSet) => OwnershipVerdict;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** The admission webhook of one replica; every replica answers, and the leader keeps its registration. */
export class Admission implements LeaderDuty {
  readonly #options: AdmissionOptions;
  readonly #server: AdmissionServer;
  readonly #registration: WebhookRegistration | undefined;
  readonly #reflector: Reflector | undefined;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    const { trust, metrics, logger: log, config, api, isReady, judge } = options;
    const mayRead = config.namesHolders ? createAccessReview(api, systemScheduler) : async () => false;
    const review = reviewOptions({ isReady, judge, mayRead });
    this.#server = createAdmissionServer({
      material: trust,
      token: () => trust.webhookToken(),
      review: (request) => reviewObject(request, review),
      onOutcome: (outcome) => metrics.admissionReviews.inc({ outcome }),
      log,
    });
    if (config.configuration === undefined) return;
    this.#registration = createRegistration(config.configuration, options);
    this.#reflector = followRegistration(config.configuration, this.#registration, options);
  }

  /** Opens the port, and begins to follow the registration. */
  async listen(): Promise<ListenAddress> {
    const { host, port } = this.#options.config.address;
    try {
      const bound = { host, port: await this.#server.listen({ host, port }) };
      this.#reflector?.start();
      return bound;
    } catch (error) {
      const address = formatListenAddress({ host, port });
      throw new Error(`cannot serve the admission webhook on ${address}: ${String(error)}`, { cause: error });
    }
  }

  /** The leader alone keeps the registration. */
  lead(isLeader: boolean): void {
    this.#registration?.lead(isLeader);
  }

  /** Looks again at the certificates: to be called when a Secret of the control plane has changed. */
  identityChanged(): void {
    this.#registration?.accessChanged();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#registration?.stop(), this.#reflector?.stop(), this.#server.stop()]);
  }
}

function createRegistration(name: string, { api, trust, logger }: AdmissionOptions): WebhookRegistration {
  return new WebhookRegistration({
    client: api,
    name,
    access: () => {
      const [ca, token] = [trust.current()?.ca, trust.webhookToken()];
      return ca === undefined || token === undefined ? undefined : { ca: String(ca), token };
    },
    scheduler: systemScheduler,
    random: Math.random,
    onRefused: (message) => logger.warn({ configuration: name, message }, "cannot register the admission webhook"),
  });
}

function followRegistration(
  name: string,
  registration: WebhookRegistration,
  { api, logger }: AdmissionOptions,
): Reflector {
  const fields = { resource: webhookConfigurations.plural, name };
  return createReflector({
    api,
    resource: webhookConfigurations,
    fieldSelector: `metadata.name=${name}`,
    events: {
      set: (_key, object) => registration.observe(object),
      delete: () => registration.observe(undefined),
      batch: () => {},
      synced: () => {},
      problem: (failure) => {
        if (failure === undefined) logger.info(fields, "the API server answers again");
        else logger.warn({ ...fields, status: failure.status, message: failure.message }, "cannot follow objects");
      },
    },
    scheduler: systemScheduler,
    random: Math.random,
  });
}
