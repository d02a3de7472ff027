import { type KubeClient, patchTypes, type RawObject, type ResourceKind, resourcePath } from "../core/kube-client.ts";
import { isOlder } from "../core/resource-version.ts";
import { backoff, type Scheduler } from "../core/scheduler.ts";

/** The webhook of ours in its configuration. */
export const webhookName = "hostnames.gatehouse.dev";

export const webhookConfigurations: ResourceKind = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  plural: "validatingwebhookconfigurations",
};

/** What the API server has to know to reach the webhook. */
export interface WebhookAccess {
  /** PEM of every authority that may have signed the webhook's certificate. */
  readonly ca: string;
  readonly token: string;
}

export interface WebhookRegistrationOptions {
  readonly client: KubeClient;
  /** The name of the ValidatingWebhookConfiguration. */
  readonly name: string;
  /** Undefined while not all of it is known. */
  readonly access: () => WebhookAccess | undefined;
  readonly scheduler: Scheduler;
  /** At least 0, less than 1. */
  readonly random: () => number;
  readonly onRefused: (message: string) => void;
}

/**
 * Keeps the authorities and the path in the ValidatingWebhookConfiguration, which it never creates. Only the leader writes.
 * Whoever else writes there all the time is answered ever more slowly.
 */
export class WebhookRegistration {
  readonly #options: WebhookRegistrationOptions;
  #observed: RawObject | undefined;
  #known: string | undefined;
  #isLeader = false;
  /** In a row, refused or undone. */
  #writes = 0;
  #lastWrite = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;
  #working: Promise<void> | undefined;

  constructor(options: WebhookRegistrationOptions) {
    this.#options = options;
  }

  /** Begins or ceases to write. */
  lead(isLeader: boolean): void {
    this.#isLeader = isLeader;
    this.#startAnew();
  }

  /** Tells the configuration as it is now, or with undefined that there is none. */
  observe(object: RawObject | undefined): void {
    if (object !== undefined && isEarlier(object, this.#observed)) return;
    this.#observed = object;
    this.#look();
  }

  /** Looks whether what the API server has to know is another. */
  accessChanged(): void {
    const access = JSON.stringify(this.#options.access());
    if (access === this.#known) return;
    this.#known = access;
    this.#startAnew();
  }

  /** Ceases to write for good; resolves when no request is under way. */
  async stop(): Promise<void> {
    this.lead(false);
    await this.idle();
  }

  /** Resolves when no request is under way. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  #startAnew(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#writes = 0;
    this.#look();
  }

  #look(): void {
    if (!this.#isLeader || this.#working !== undefined || this.#cancelTimer !== undefined) return;
    if (this.#patch() === undefined) return;
    const { scheduler, random } = this.#options;
    if (scheduler.now() - this.#lastWrite > calmMs) this.#writes = 0;
    const wait = this.#writes === 0 ? 0 : backoff(this.#writes, { ...waits, random });
    if (wait === 0) this.#start();
    else this.#cancelTimer = scheduler.after(wait, () => this.#start());
  }

  #start(): void {
    this.#cancelTimer = undefined;
    const patch = this.#isLeader ? this.#patch() : undefined;
    if (patch === undefined) return;
    this.#writes++;
    this.#lastWrite = this.#options.scheduler.now();
    this.#working = this.#write(patch).finally(() => {
      this.#working = undefined;
      this.#look();
    });
  }

  async #write(patch: readonly object[]): Promise<void> {
    const { client, name, onRefused } = this.#options;
    const path = resourcePath(webhookConfigurations, { name });
    const written = await client.request<RawObject>({
      method: "PATCH",
      path,
      body: patch,
      contentType: patchTypes.json,
    });
    if (written.kind === "ok") return this.#learn(written.value);
    if (written.status !== 404) onRefused(written.message);
    // It is gone, or the order of its webhooks is another: it is read again.
    const read = await client.request<RawObject>({ method: "GET", path });
    if (read.kind === "ok") this.#learn(read.value);
    else if (read.status === 404) this.#observed = undefined;
  }

  #learn(object: RawObject): void {
    if (!isEarlier(object, this.#observed)) this.#observed = object;
  }

  #patch(): readonly object[] | undefined {
    const access = this.#options.access();
    const operations = access === undefined ? [] : registrationPatch(this.#observed, access);
    return operations.length === 0 ? undefined : operations;
  }
}

/** A minute without a write: what comes then is not an answer to the last one. */
const calmMs = 60_000;
const waits = { first: 1_000, most: 60_000 } as const;

/** The operations of a JSON patch that bring what is missing into a configuration; none where it is all there. */
export function registrationPatch(
  configuration: RawObject | undefined,
  { ca, token }: WebhookAccess,
): readonly object[] {
  const webhooks = configuration?.["webhooks"];
  const index = Array.isArray(webhooks) ? webhooks.findIndex((webhook) => webhook?.name === webhookName) : -1;
  if (!Array.isArray(webhooks) || index < 0) return [];
  const { caBundle, service } = Object(webhooks[index]).clientConfig ?? {};
  const bundle = Buffer.from(ca).toString("base64");
  const path = `/validate/${token}`;
  const place = `/webhooks/${index}`;
  const operations = [
    ...(caBundle === bundle ? [] : [{ op: "add", path: `${place}/clientConfig/caBundle`, value: bundle }]),
    ...(typeof service !== "object" || service.path === path
      ? []
      : [{ op: "add", path: `${place}/clientConfig/service/path`, value: path }]),
  ];
  if (operations.length === 0) return [];
  return [{ op: "test", path: `${place}/name`, value: webhookName }, ...operations];
}

/** The answer to a write of ours overtakes the watch. */
function isEarlier(object: RawObject, known: RawObject | undefined): boolean {
  if (object.metadata.uid !== known?.metadata.uid) return false;
  return isOlder(object.metadata.resourceVersion ?? "", known?.metadata.resourceVersion ?? "");
}
