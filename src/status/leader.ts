import type { KubeClient, KubeFailure, KubeRequest, KubeResult, RawObject } from "../core/kube-client.ts";
import { resourcePath } from "../core/kube-client.ts";
import { backoff, type Scheduler } from "../core/scheduler.ts";
import type { Logger } from "../logger.ts";
import { requestObject } from "./answer.ts";
import { claimLease, type Leader, type LeaseRecord, leaseKind, newLease, readLease, releaseLease } from "./lease.ts";

/** What an election needs. Clocks, timers and chance are parameters, so that tests hold them still. */
export interface LeaderElectorOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Name of the pod. */
  readonly identity: string;
  /** Host and port of this replica's channel for other replicas: told in the Lease while it leads. */
  readonly peerAddress: string;
  /** The time that is written into the Lease for people. No decision goes by it. */
  readonly now: () => Date;
  readonly scheduler: Scheduler;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  readonly onStartedLeading: () => void;
  /** Called before any other replica can lead. */
  readonly onStoppedLeading: () => void;
  /** Called whenever somebody else holds the Lease, or nobody, or the holder's address is another. */
  readonly onLeaderChange?: (leader: Leader | undefined) => void;
  readonly log: Pick<Logger, "info" | "warn">;
}

/** The times of an election, in milliseconds. */
export const leaseTimes = {
  /** A Lease that nobody was seen to renew for so long is free. */
  duration: 15_000,
  renewEvery: 5_000,
  /** A leader that could not renew for so long, counted from when it asked, leads no more. */
  renewDeadline: 10_000,
  /** How often others look at the Lease; up to a quarter more by chance. */
  pollEvery: 2_000,
  requestTimeout: 4_000,
} as const;

/**
 * Takes part in the election of a leader by a Lease. Only times between what this process itself saw count, never the clock
 * of another machine: a Lease is free when it was seen unchanged for its whole duration. The leader counts from when it
 * asked, and gives up five seconds before others may take over.
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #collection: string;
  readonly #path: string;
  #record: LeaseRecord | undefined;
  /** When {@link #record} was first seen with this mark. */
  #seenAt = 0;
  /** When the renewal that counts was asked for; undefined while another leads. */
  #renewedAt: number | undefined;
  #told: string | undefined;
  #failures = 0;
  #stopped = false;
  #round: Promise<void> = Promise.resolve();
  #cancelRound: (() => void) | undefined;
  #cancelDeadline: (() => void) | undefined;

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    const { namespace, name } = options;
    this.#collection = resourcePath(leaseKind, { namespace });
    this.#path = resourcePath(leaseKind, { namespace, name });
  }

  /** Whether this replica leads. False as soon as the deadline has passed, also when no timer has run since. */
  get leading(): boolean {
    const { scheduler } = this.#options;
    return this.#renewedAt !== undefined && scheduler.now() - this.#renewedAt < leaseTimes.renewDeadline;
  }

  /** Begins to take part. */
  start(): void {
    this.#next(0);
  }

  /** Who leads, as last seen. */
  leader(): Leader | undefined {
    return this.#record?.leader;
  }

  /** Where the leader's channel for other replicas is. */
  leaderAddress(): string | undefined {
    return this.leader()?.address;
  }

  /** Takes part no more; a Lease that is held is given back, so that another replica leads at once. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancelRound?.();
    const held = this.#renewedAt !== undefined;
    this.#stopLeading("stopped");
    await this.#round;
    if (!held || this.#record?.leader?.identity !== this.#options.identity) return;
    const body = releaseLease(this.#record, this.#options.now());
    const result = await this.#request({ method: "PUT", path: this.#path, body });
    if (result.kind === "failed") this.#warn(result, "the lease could not be given back: it runs out");
  }

  #next(delay: number): void {
    if (this.#stopped) return;
    this.#cancelRound?.();
    this.#cancelRound = this.#options.scheduler.after(delay, () => {
      this.#round = this.#runRound();
    });
  }

  async #runRound(): Promise<void> {
    const leadsBefore = this.#renewedAt !== undefined;
    const ok = leadsBefore ? await this.#renew() : await this.#tryToLead();
    this.#failures = ok ? 0 : this.#failures + 1;
    this.#tellLeader();
    this.#next(this.#delay(ok));
  }

  #delay(ok: boolean): number {
    const { random } = this.#options;
    if (this.#renewedAt === undefined) return leaseTimes.pollEvery * (1 + random() / 4);
    return ok ? leaseTimes.renewEvery : backoff(this.#failures, { first: 500, most: 2_000, random });
  }

  async #renew(): Promise<boolean> {
    const record = this.#record;
    if (record === undefined) return this.#tryToLead();
    const result = await this.#claim(record);
    if (result.kind === "ok") return true;
    this.#warn(result, "the lease could not be renewed");
    if (result.status === 404) this.#stopLeading("the lease is gone");
    // Somebody else changed the Lease: perhaps only a label of it.
    if (result.status === 409) await this.#reread();
    return false;
  }

  async #reread(): Promise<void> {
    const read = await this.#request({ method: "GET", path: this.#path });
    if (read.kind === "failed") return;
    this.#see(read.value);
    if (this.#record?.leader?.identity !== this.#options.identity) this.#stopLeading("another replica holds the lease");
    else if (this.#record !== undefined && this.#renewedAt !== undefined) await this.#claim(this.#record);
  }

  async #tryToLead(): Promise<boolean> {
    const { scheduler, identity } = this.#options;
    const read = await this.#request({ method: "GET", path: this.#path });
    if (read.kind === "ok") this.#see(read.value);
    else if (read.status !== 404) return false;
    const record = this.#record;
    // Also when the Lease was deleted: whom it was taken from may not know yet.
    const free =
      record === undefined ||
      record.leader === undefined ||
      record.leader.identity === identity ||
      scheduler.now() - this.#seenAt >= (record.durationMs || leaseTimes.duration);
    if (!free || this.#stopped) return true;
    const result = read.kind === "failed" || record === undefined ? await this.#create() : await this.#claim(record);
    return result.kind === "ok";
  }

  #create(): Promise<KubeResult<RawObject>> {
    const { namespace, name } = this.#options;
    const body = newLease({ namespace, name }, this.#newClaim());
    return this.#write({ method: "POST", path: this.#collection, body });
  }

  #claim(record: LeaseRecord): Promise<KubeResult<RawObject>> {
    return this.#write({ method: "PUT", path: this.#path, body: claimLease(record, this.#newClaim()) });
  }

  #newClaim() {
    const { identity, peerAddress: address, now } = this.#options;
    return { identity, address, durationMs: leaseTimes.duration, now: now() };
  }

  async #write(request: KubeRequest): Promise<KubeResult<RawObject>> {
    const asked = this.#options.scheduler.now();
    const result = await this.#request(request);
    if (result.kind === "failed") return result;
    this.#see(result.value);
    if (!this.#stopped) this.#lead(asked);
    return result;
  }

  #lead(asked: number): void {
    const { scheduler, onStartedLeading, log, identity } = this.#options;
    const left = asked + leaseTimes.renewDeadline - scheduler.now();
    // An answer that comes too late renews nothing.
    if (left <= 0) return;
    const began = this.#renewedAt === undefined;
    this.#renewedAt = asked;
    this.#cancelDeadline?.();
    this.#cancelDeadline = scheduler.after(left, () => this.#stopLeading("the lease could not be renewed in time"));
    if (!began) return;
    log.info({ identity }, "this replica leads");
    onStartedLeading();
  }

  #stopLeading(why: string): void {
    if (this.#renewedAt === undefined) return;
    this.#renewedAt = undefined;
    this.#cancelDeadline?.();
    this.#options.log.info({ identity: this.#options.identity, why }, "this replica leads no more");
    this.#options.onStoppedLeading();
  }

  #see(raw: RawObject): void {
    const record = readLease(raw);
    if (record.mark !== this.#record?.mark) this.#seenAt = this.#options.scheduler.now();
    this.#record = record;
  }

  #tellLeader(): void {
    const leader = this.leader();
    const told = JSON.stringify([leader?.identity, leader?.address]);
    if (told === this.#told || (this.#told === undefined && leader === undefined)) return;
    this.#told = told;
    this.#options.onLeaderChange?.(leader);
  }

  #request(request: KubeRequest): Promise<KubeResult<RawObject>> {
    return requestObject(this.#options.client, { ...request, timeoutMs: leaseTimes.requestTimeout });
  }

  #warn({ status, reason, message }: KubeFailure, text: string): void {
    this.#options.log.warn({ status, reason, message }, text);
  }
}
