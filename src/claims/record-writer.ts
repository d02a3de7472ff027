import type { NamespacedName } from "../core/keys.ts";
import type { KubeClient, KubeFailure, KubeRequest, KubeResult, RawObject } from "../core/kube-client.ts";
import { type Holding, type HostnameRecord, holdingOf, type RecordKey, recordName } from "../core/ownership.ts";
import { backoff, type Scheduler } from "../core/scheduler.ts";
import type { ClaimLog } from "./claim-target.ts";
import { FairQueue } from "./fair-queue.ts";
import {
  createRecord,
  deleteRecord,
  markRecord,
  problemText,
  type RecordVersion,
  readRecord,
  recordOfAnswer,
  versionOfAnswer,
} from "./record-requests.ts";
import type { StoredRecord } from "./stored-records.ts";

/** One thing to write. */
export type RecordTask =
  | { readonly kind: "create"; readonly holding: Holding /** Served meanwhile. */; readonly isHeld: boolean }
  /** The platform has granted it to others than those whom the record names. */
  | { readonly kind: "override"; readonly stored: StoredRecord; readonly holding: Holding }
  /** Tells since when nothing wants it; undefined: it is wanted. */
  | { readonly kind: "mark"; readonly stored: StoredRecord; readonly unusedSince: string | undefined }
  | { readonly kind: "delete"; readonly stored: StoredRecord };

/** What became of one write: `lost`: another was first. */
export interface RecordWrite {
  readonly action: RecordTask["kind"];
  readonly outcome: "written" | "lost" | "failed";
}

/** A record that a HostnameClaim has ended. */
export interface OverriddenRecord {
  readonly name: NamespacedName;
  readonly uid: string;
  readonly before: Holding;
  readonly after: Holding;
}

export interface RecordWriterOptions {
  readonly client: KubeClient;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly log: { readonly warn: ClaimLog };
  readonly onWrite?: (write: RecordWrite) => void;
  readonly onOverridden?: (overridden: OverriddenRecord) => void;
}

/** Whom a writer asks what to write, and tells what came of it. */
export interface RecordWriterHost {
  /** What there is to write about a key, by what is known now. */
  readonly taskOf: (key: RecordKey) => RecordTask | undefined;
  readonly versionOf: (name: NamespacedName) => RecordVersion | undefined;
  readonly onStored: (record: HostnameRecord, version: RecordVersion) => void;
  readonly onVersion: (name: NamespacedName, version: RecordVersion) => void;
  readonly onGone: (name: NamespacedName) => void;
  /** The API server knows no such kind. */
  readonly onAbsent: () => void;
  readonly onProblem: (key: RecordKey, problem: string | undefined) => void;
  /** A write that failed may be tried again. */
  readonly onRetry: (key: RecordKey) => void;
}

/** Writes in flight, and the waits after failures in milliseconds. */
export const recordPace = { concurrency: 8, retry: { first: 500, most: 60_000 }, warnEvery: 10_000 } as const;

interface Failing {
  count: number;
  /** Set until it may be tried again. */
  cancel: (() => void) | undefined;
  isTold: boolean;
}

/** Brings what is decided about records to the API server: each key once at a time, namespaces in turn, failures later again. */
export class RecordWriter {
  readonly #options: RecordWriterOptions;
  readonly #host: RecordWriterHost;
  readonly #queue: FairQueue<RecordKey>;
  readonly #failing = new Map<RecordKey, Failing>();
  #warnedAt = Number.NEGATIVE_INFINITY;
  /** Failures since the last warning. */
  #untold = 0;

  constructor(options: RecordWriterOptions, host: RecordWriterHost) {
    this.#options = options;
    this.#host = host;
    this.#queue = new FairQueue({ places: recordPace.concurrency, look: (key) => this.#look(key) });
  }

  addAll(entries: Iterable<readonly [key: RecordKey, lane: string]>): void {
    this.#queue.addAll(entries);
  }

  isBusy(key: RecordKey): boolean {
    return this.#queue.isBusy(key);
  }

  /** Whether a write has failed, and is not tried again yet. */
  isWaiting(key: RecordKey): boolean {
    return this.#failing.get(key)?.cancel !== undefined;
  }

  /** Forgets what is to be written. What is under way goes on. */
  clear(): void {
    this.#queue.clear();
    for (const key of [...this.#failing.keys()]) this.#succeeded(key);
  }

  idle(): Promise<void> {
    return this.#queue.idle();
  }

  #look(key: RecordKey): Promise<void> | undefined {
    const task = this.isWaiting(key) ? undefined : this.#host.taskOf(key);
    // Nobody wants it any more, or another has it: then nothing is wrong.
    if (task === undefined && !this.isWaiting(key)) this.#succeeded(key);
    return task && this.#run(key, task);
  }

  #run(key: RecordKey, task: RecordTask): Promise<void> {
    switch (task.kind) {
      case "create":
        return this.#create(key, task.holding, task.isHeld);
      case "override":
        return this.#override(key, task.stored, task.holding);
      case "mark":
        return this.#mark(key, task.stored, task.unusedSince);
      default:
        return this.#delete(key, task.stored);
    }
  }

  async #create(key: RecordKey, holding: Holding, isHeld: boolean): Promise<void> {
    const result = await this.#request(createRecord(holding));
    if (result.kind === "ok") this.#took(key, result.value, "written");
    else if (result.status === 409) await this.#readWinner(key, isHeld);
    else if (result.status === 404) {
      this.#told("create", "failed");
      this.#host.onAbsent();
    } else this.#failed(key, { action: "create", failure: result, isTold: !isHeld });
  }

  /** Another replica was first, or somebody who writes records by hand: what is stored counts. */
  async #readWinner(key: RecordKey, isHeld: boolean): Promise<void> {
    const result = await this.#request(readRecord(recordName(key)));
    if (result.kind === "ok" && this.#took(key, result.value, "lost")) return;
    const failure: KubeFailure =
      result.kind === "ok" ? { kind: "failed", status: 409, reason: "AlreadyExists", message: "" } : result;
    this.#failed(key, { action: "create", failure, isTold: !isHeld });
  }

  #took(key: RecordKey, raw: RawObject, outcome: "written" | "lost"): boolean {
    const record = recordOfAnswer(raw);
    if (record === undefined || holdingOf(record).key !== key) return false;
    this.#told("create", outcome);
    this.#succeeded(key);
    this.#host.onStored(record, versionOfAnswer(raw));
    return true;
  }

  async #override(key: RecordKey, stored: StoredRecord, holding: Holding): Promise<void> {
    const uid = this.#host.versionOf(stored.name)?.uid ?? stored.record.metadata.uid ?? "";
    const result = await this.#request(deleteRecord(stored.name, { uid }));
    if (result.kind === "failed" && result.status !== 404) {
      this.#failed(key, { action: "override", failure: result, isTold: true });
      return;
    }
    this.#told("override", "written");
    this.#options.onOverridden?.({ name: stored.name, uid, before: stored.holding, after: holding });
    this.#host.onGone(stored.name);
    await this.#create(key, holding, false);
  }

  async #mark(key: RecordKey, { name }: StoredRecord, unusedSince: string | undefined): Promise<void> {
    const version = this.#host.versionOf(name);
    if (version === undefined) return;
    const result = await this.#request(markRecord(name, version, unusedSince));
    if (result.kind === "failed") {
      this.#failed(key, { action: "mark", failure: result, isTold: false });
      return;
    }
    this.#told("mark", "written");
    this.#succeeded(key);
    this.#host.onVersion(name, versionOfAnswer(result.value));
  }

  async #delete(key: RecordKey, { name }: StoredRecord): Promise<void> {
    const version = this.#host.versionOf(name);
    if (version === undefined) return;
    const result = await this.#request(deleteRecord(name, version));
    if (result.kind === "failed" && result.status !== 404) {
      this.#failed(key, { action: "delete", failure: result, isTold: false });
      return;
    }
    this.#told("delete", "written");
    this.#succeeded(key);
    this.#host.onGone(name);
  }

  #request(request: KubeRequest): Promise<KubeResult<RawObject>> {
    return this.#options.client.request<RawObject>(request);
  }

  #told(action: RecordTask["kind"], outcome: RecordWrite["outcome"]): void {
    this.#options.onWrite?.({ action, outcome });
  }

  #succeeded(key: RecordKey): void {
    const failing = this.#failing.get(key);
    if (failing === undefined) return;
    failing.cancel?.();
    this.#failing.delete(key);
    if (failing.isTold) this.#host.onProblem(key, undefined);
  }

  #failed(
    key: RecordKey,
    {
      action,
      failure,
      isTold,
    }: { readonly action: RecordTask["kind"]; readonly failure: KubeFailure; readonly isTold: boolean },
  ): void {
    const { scheduler, random } = this.#options;
    this.#told(action, "failed");
    this.#warn(action, failure);
    const failing = this.#failing.get(key) ?? { count: 0, cancel: undefined, isTold: false };
    this.#failing.set(key, failing);
    failing.count += 1;
    const wait = Math.max(backoff(failing.count, { ...recordPace.retry, random }), failure.retryAfterMs ?? 0);
    failing.cancel = scheduler.after(wait, () => {
      failing.cancel = undefined;
      this.#host.onRetry(key);
    });
    if (!isTold || failing.isTold) return;
    failing.isTold = true;
    this.#host.onProblem(key, problemText(failure));
  }

  /** An API server that is away fails every write: one line in ten seconds tells of all. */
  #warn(action: RecordTask["kind"], { status, reason, message }: KubeFailure): void {
    const { log, scheduler } = this.#options;
    this.#untold += 1;
    if (scheduler.now() - this.#warnedAt < recordPace.warnEvery) return;
    log.warn({ action, status, reason, message, failures: this.#untold }, "a HostnameRecord could not be written");
    this.#warnedAt = scheduler.now();
    this.#untold = 0;
  }
}
