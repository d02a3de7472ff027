import { fleetLabels, fleetSecretName, managedBy } from "../core/fleet-names.ts";
import { namespacedName, parseNamespacedName } from "../core/keys.ts";
import type { KubeClient, KubeFailure, RawObject } from "../core/kube-client.ts";
import { backoff } from "../core/scheduler.ts";
import { type CaPlan, type CaStep, caKeys } from "./ca-plan.ts";
import { settleAuthorities } from "./ca-steps.ts";
import { DueTimes } from "./due-times.ts";
import { type FleetIdentity, settleFleetSecret } from "./fleet-secret.ts";
import { authoritySecretName, serverSecretName } from "./identity-secrets.ts";
import { type CertificateInForce, keepOrIssue } from "./issue.ts";
import { defaultLifetimes, type Lifetimes } from "./lifetimes.ts";
import { readSecretData } from "./secret-data.ts";
import { type SecretName, SecretStore } from "./secret-store.ts";

/** What the identity of proxies and control plane writes to the log. Private keys are never among the fields. */
export interface IdentityLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface CertificateIssuerOptions {
  readonly kube: KubeClient;
  /** Where the control plane runs. */
  readonly releaseNamespace: string;
  /** DNS names under which proxies reach the control plane. */
  readonly serverNames: readonly string[];
  readonly trustDomain: string;
  readonly log: IdentityLog;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly scheduler: { readonly after: (milliseconds: number, task: () => void) => () => void };
  /** From 0 to 1; spreads retries. */
  readonly random?: () => number;
  readonly lifetimes?: Lifetimes;
}

/**
 * Keeps the authorities, the control plane's certificate and the fleets' certificates in their Secrets: issues what is
 * missing, renews in time, replaces what somebody else wrote, leaves out what belongs to nobody. Does so only while it leads.
 */
export class CertificateIssuer {
  readonly #options: CertificateIssuerOptions;
  readonly #lifetimes: Lifetimes;
  readonly #secrets: SecretStore;
  readonly #due = new DueTimes();
  readonly #attempts = new Map<string, number>();
  #fleets: ReadonlyMap<string, readonly FleetIdentity[]> | undefined;
  #authorities: CaPlan | undefined;
  #isLeader = false;
  #running: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(options: CertificateIssuerOptions) {
    this.#options = options;
    this.#lifetimes = options.lifetimes ?? defaultLifetimes;
    this.#secrets = new SecretStore(options.kube);
  }

  /** Begins or ceases to write. */
  lead(isLeader: boolean): void {
    if (isLeader === this.#isLeader) return;
    this.#isLeader = isLeader;
    this.#secrets.forgetAll();
    this.#authorities = undefined;
    this.#due.clear();
    if (isLeader) {
      for (const key of [this.#authorityKey, this.#serverKey, ...this.#fleetKeys()]) this.#due.add(key, 0);
    }
    this.#run();
  }

  /** Says which fleets there are, all of them. Before the first call no fleet's Secret is touched. */
  setFleets(fleets: readonly FleetIdentity[]): void {
    const before = this.#fleets;
    const after = groupByNamespace(fleets);
    this.#fleets = after;
    for (const namespace of new Set([...(before?.keys() ?? []), ...after.keys()])) {
      if (!hasSameFleets(before?.get(namespace), after.get(namespace))) this.#makeDue(fleetKey(namespace));
    }
    this.#run();
  }

  /** Takes what a watch tells of a Secret, its metadata at least; undefined when it is gone. */
  observe({ namespace, name }: SecretName, secret: RawObject | undefined): void {
    const key = namespacedName(namespace, name);
    const isOurs = key === this.#authorityKey || key === this.#serverKey || name === fleetSecretName;
    if (!this.#isLeader || !isOurs || !this.#secrets.observe({ namespace, name }, secret)) return;
    this.#makeDue(key);
    this.#run();
  }

  /** Resolves when everything that is due has been done, or tried. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Ceases to write for good; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.lead(false);
    await this.idle();
  }

  get #authorityKey(): string {
    return namespacedName(this.#options.releaseNamespace, authoritySecretName);
  }

  get #serverKey(): string {
    return namespacedName(this.#options.releaseNamespace, serverSecretName);
  }

  #fleetKeys(): readonly string[] {
    return [...(this.#fleets?.keys() ?? [])].map(fleetKey);
  }

  #makeDue(key: string): void {
    if (this.#isLeader) this.#due.add(key, 0);
  }

  #run(): void {
    if (this.#running !== undefined) return;
    this.#running = this.#settleAll().finally(() => {
      this.#running = undefined;
      this.#arm();
    });
  }

  /** Sleeps until something is due. */
  #arm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (!this.#isLeader) return;
    const now = this.#options.clock();
    const due = this.#authorities === undefined ? this.#due.timeOf(this.#authorityKey) : this.#due.next;
    if (due === Number.POSITIVE_INFINITY) return;
    // Clocks are set, and machines sleep: nothing is waited for in one piece.
    const wait = Math.min(Math.max(0, due - now), longestSleepMs);
    this.#cancelTimer = this.#options.scheduler.after(wait, () => this.#run());
  }

  async #settleAll(): Promise<void> {
    // A turn later, so that everything that happens in this turn is settled once.
    await Promise.resolve();
    while (this.#isLeader) {
      const now = this.#options.clock();
      if (this.#due.take(this.#authorityKey, now))
        await this.#attempt(this.#authorityKey, () => this.#settleAuthorities());
      else if (this.#authorities === undefined) return;
      else {
        const key = this.#due.first(now);
        if (key === undefined && !this.#isAnnouncementDue()) return;
        if (key === undefined) await this.#attempt(this.#authorityKey, () => this.#announce());
        else if (this.#due.take(key, now)) await this.#settleOne(key, this.#authorities);
      }
    }
  }

  async #settleOne(key: string, authorities: CaPlan): Promise<void> {
    if (key === this.#serverKey) return await this.#attempt(key, () => this.#settleServer(authorities));
    const { namespace = "" } = parseNamespacedName(key);
    if (this.#fleets !== undefined) await this.#attempt(key, () => this.#settleFleets(namespace, authorities));
  }

  /** Retries what the API server would not do, ever more rarely. */
  async #attempt(key: string, act: () => Promise<KubeFailure | undefined>): Promise<void> {
    const failure = await act().catch(
      // A fault of ours with one Secret leaves the others alone.
      (error: unknown): KubeFailure => ({ kind: "failed", status: 0, reason: "Internal", message: String(error) }),
    );
    if (failure === undefined) {
      this.#attempts.delete(key);
      return;
    }
    const attempts = (this.#attempts.get(key) ?? 0) + 1;
    this.#attempts.set(key, attempts);
    const { clock, random = Math.random, log } = this.#options;
    const wait = backoff(attempts, { first: 1_000, most: longestRetryMs, random });
    if (this.#isLeader) this.#due.add(key, clock() + Math.max(wait, failure.retryAfterMs ?? 0));
    const { status, reason, message } = failure;
    // Somebody else was faster: that is no trouble, and settled by reading again.
    if (status !== 409) log.warn({ secret: key, status, reason, message }, "certificates could not be kept");
  }

  async #settleAuthorities(announcedAt?: number): Promise<KubeFailure | undefined> {
    const { log, clock } = this.#options;
    const name = this.#inRelease(authoritySecretName);
    const stored = await this.#secrets.load(name);
    if (stored.kind === "failed") return stored;
    const now = clock();
    const { data, steps, plan } = await settleAuthorities(readSecretData(stored.value), now, this.#lifetimes);
    const isAnnounced = announcedAt !== undefined && plan.announce;
    const written = isAnnounced ? new Map(data).set(caKeys.announcedAt, String(announcedAt)) : data;
    if (!this.#isLeader) return undefined;
    const failure = await this.#secrets.apply({ ...name, data: written }, stored.value);
    if (failure !== undefined) return failure;
    const isReplacement = stored.value !== undefined;
    for (const step of steps) logStep(log, step, isReplacement);
    this.#useAuthorities(isAnnounced ? { ...plan, announce: false } : plan);
    const lookAgainAt = isAnnounced ? announcedAt + this.#lifetimes.learnMs : plan.lookAgainAt;
    if (this.#isLeader) this.#due.add(this.#authorityKey, lookAgainAt);
    return undefined;
  }

  #useAuthorities(plan: CaPlan): void {
    if (!this.#isLeader) return;
    const before = this.#authorities;
    this.#authorities = plan;
    const isSame = before?.trusted.join() === plan.trusted.join() && before?.signing?.cert === plan.signing?.cert;
    if (!isSame) for (const key of [this.#serverKey, ...this.#fleetKeys()]) this.#due.add(key, 0);
  }

  /** Every Secret has been written, or tried, since the next authority is there. */
  #isAnnouncementDue(): boolean {
    return (
      this.#authorities?.announce === true && this.#fleets !== undefined && !this.#attempts.has(this.#authorityKey)
    );
  }

  async #announce(): Promise<KubeFailure | undefined> {
    return await this.#settleAuthorities(this.#options.clock());
  }

  async #settleServer(authorities: CaPlan): Promise<KubeFailure | undefined> {
    const { trustDomain, serverNames, clock } = this.#options;
    const name = this.#inRelease(serverSecretName);
    const stored = await this.#secrets.load(name);
    if (stored.kind === "failed") return stored;
    const before = readSecretData(stored.value);
    const inForce = await keepOrIssue({ cert: before.get("tls.crt"), key: before.get("tls.key") }, authorities, {
      usages: ["server", "client"],
      dnsNames: serverNames,
      uri: `spiffe://${trustDomain}/control-plane`,
      now: clock(),
      lifeMs: this.#lifetimes.certificateMs,
    });
    const data = new Map([
      ["ca.crt", authorities.trusted.join("")],
      ["tls.crt", inForce.pair.cert],
      ["tls.key", inForce.pair.key],
    ]);
    if (!this.#isLeader) return undefined;
    const failure = await this.#secrets.apply({ ...name, data }, stored.value);
    if (failure !== undefined) return failure;
    this.#logIssued({ secret: this.#serverKey }, inForce);
    if (this.#isLeader) this.#due.add(this.#serverKey, inForce.renewAt);
    return undefined;
  }

  async #settleFleets(namespace: string, authorities: CaPlan): Promise<KubeFailure | undefined> {
    const { trustDomain, clock } = this.#options;
    const name = { namespace, name: fleetSecretName };
    const loaded = await this.#secrets.load(name);
    if (loaded.kind === "failed") return loaded;
    const stored = loaded.value;
    const fleets = this.#fleets?.get(namespace) ?? [];
    if (fleets.length === 0) {
      const isOurs = stored?.metadata.labels?.[fleetLabels.managedBy] === managedBy;
      return stored !== undefined && isOurs && this.#isLeader ? await this.#secrets.remove(name, stored) : undefined;
    }
    const settings = { authorities, trustDomain, now: clock(), lifetimes: this.#lifetimes };
    const { desired, certificates } = await settleFleetSecret({ namespace, stored, fleets }, settings);
    if (!this.#isLeader) return undefined;
    const failure = await this.#secrets.apply(desired, stored);
    if (failure !== undefined) return failure;
    for (const [{ gateway }, inForce] of certificates) this.#logIssued({ gateway }, inForce);
    const renewAt = Math.min(...Array.from(certificates.values(), (inForce) => inForce.renewAt));
    if (this.#isLeader) this.#due.add(fleetKey(namespace), renewAt);
    return undefined;
  }

  #logIssued(fields: object, { before, fingerprint, notAfter }: CertificateInForce): void {
    if (before.kind === "good") return;
    const reason = before.kind === "due" ? "renewal" : before.kind === "missing" ? "there was none" : before.reason;
    const all = { ...fields, fingerprint, notAfter: new Date(notAfter).toISOString(), reason };
    if (before.kind === "useless") this.#options.log.warn(all, "certificate replaced");
    else this.#options.log.info(all, "certificate issued");
  }

  #inRelease(name: string): SecretName {
    return { namespace: this.#options.releaseNamespace, name };
  }
}

const longestRetryMs = 60_000;
const longestSleepMs = 60 * 60_000;

function fleetKey(namespace: string): string {
  return namespacedName(namespace, fleetSecretName);
}

function logStep(log: IdentityLog, step: CaStep, isReplacement: boolean): void {
  const fields = { step: step.kind, ...("reason" in step && { reason: step.reason }) };
  const isTrouble = step.kind === "drop-next" || (step.kind === "make-current" && isReplacement);
  if (isTrouble) log.warn(fields, "certificate authority replaced");
  else log.info(fields, "certificate authority changed");
}

function groupByNamespace(fleets: readonly FleetIdentity[]): ReadonlyMap<string, readonly FleetIdentity[]> {
  const groups = new Map<string, FleetIdentity[]>();
  for (const fleet of fleets) {
    const { namespace = "" } = parseNamespacedName(fleet.gateway);
    const group = groups.get(namespace) ?? [];
    groups.set(namespace, group);
    group.push(fleet);
  }
  return groups;
}

function hasSameFleets(
  before: readonly FleetIdentity[] | undefined,
  after: readonly FleetIdentity[] | undefined,
): boolean {
  const signature = (fleets: readonly FleetIdentity[] | undefined) =>
    fleets
      ?.map(({ gateway, uid }) => `${gateway}=${uid}`)
      .sort()
      .join();
  return signature(before) === signature(after);
}
