import type { StatusUpdate } from "../core/conditions.ts";
import { type Kind, kinds, type ObjectKey, parseObjectKey } from "../core/keys.ts";
import type { KubeClient, KubeFailure, ResourceKind } from "../core/kube-client.ts";
import type { ObjectStatus } from "../core/object-status.ts";
import { isOlder } from "../core/resource-version.ts";
import { backoff, type Scheduler } from "../core/scheduler.ts";
import type { StoredObject } from "../core/stored-object.ts";
import type { Logger } from "../logger.ts";
import { readStored, requestObject } from "./answer.ts";
import { mergeStatus, updateGeneration } from "./merge.ts";
import { MissingRights } from "./missing-rights.ts";
import { holdProgrammed } from "./programmed-hold.ts";
import {
  beginAnew,
  earliestWrite,
  isPaced,
  newEntry,
  type StatusEntry,
  spareUnclaimed,
  writePace,
} from "./status-entry.ts";
import { objectPath, type StatusChanges, statusChanges, statusPatch } from "./status-patch.ts";
import type { StatusChange } from "./transitions.ts";
import { type Step, WriteQueue } from "./write-queue.ts";
import type { StatusOutcome, StatusWriter } from "./writer.ts";

/** What a writer to a cluster needs. Clocks, timers and chance are parameters, so that tests hold them still. */
export interface KubeStatusOptions {
  readonly client: KubeClient;
  readonly controllerName: string;
  /** The clock by which transition times are told. */
  readonly now: () => Date;
  readonly scheduler: Scheduler;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  readonly log: Pick<Logger, "warn" | "debug">;
  /** The version that the API server serves of a kind; the preferred one of ours unless told. */
  readonly servedVersion?: (kind: Kind) => string | undefined;
  /** Asked before each write, beside {@link KubeStatusWriter.lead}: false when the lease has run out unnoticed. */
  readonly mayWrite?: () => boolean;
  /** Told of every comparison with what is stored, and of every write. */
  readonly onOutcome?: (outcome: StatusOutcome) => void;
  /** Told of every status that the API server took. */
  readonly onWritten?: (change: StatusChange) => void;
}

interface Write {
  readonly stored: StoredObject;
  readonly merged: ObjectStatus;
  readonly changes: StatusChanges;
  /** When more of the update may be written. */
  readonly until?: number | undefined;
}

/** Conflicts in a row after which a write waits like after any other failure. */
const promptConflicts = 2;

/** Between two warnings that tell of failed writes, in milliseconds. */
const warnEvery = 10_000;

/**
 * Writes statuses to the API server while this replica leads. It keeps the latest value of every object, compares it with
 * what the watch tells is stored, and writes what differs: a merge into what is stored, on the condition that nobody has
 * changed the object since. A replica that begins to lead compares everything, and writes nothing that is right already.
 */
export class KubeStatusWriter implements StatusWriter {
  readonly #options: KubeStatusOptions;
  readonly #entries = new Map<ObjectKey, StatusEntry>();
  readonly #queue: WriteQueue<ObjectKey>;
  /** Fields by kind that the API server drops: its CRDs are of a version that does not know them. */
  readonly #unwritable = new Map<Kind, Set<string>>();
  readonly #rights: MissingRights;
  #leading = false;
  #stopped = false;
  #warnedAt = Number.NEGATIVE_INFINITY;
  /** Failures since the last warning. */
  #untold = 0;

  constructor(options: KubeStatusOptions) {
    this.#options = options;
    this.#rights = new MissingRights(options.random);
    this.#queue = new WriteQueue({
      places: writePace.concurrency,
      scheduler: options.scheduler,
      look: (object) => this.#look(object),
      isUrgent: isPaced,
    });
  }

  /** Writes that are due, that wait for their time, and that are in flight. */
  get load(): { readonly queued: number; readonly waiting: number; readonly busy: number } {
    return this.#queue.load;
  }

  update(object: ObjectKey, desired: StatusUpdate | undefined): void {
    const entry = this.#entry(object);
    entry.isPending = desired?.kind === "Route" && desired.pending === true;
    if (entry.isPending) return;
    if (desired === undefined) delete entry.desired;
    else entry.desired = desired;
    entry.writes = 0;
    entry.spareUntil = 0;
    if (entry.stored === undefined && desired === undefined) this.#entries.delete(object);
    else this.#touch(object);
  }

  /** Takes what the API server holds of an object, as the watch tells it; undefined: the object is gone. */
  observe(object: ObjectKey, stored: StoredObject | undefined): void {
    const entry = this.#entry(object);
    const before = entry.stored;
    if (stored === undefined) {
      delete entry.stored;
      entry.hold = {};
      if (entry.desired === undefined && entry.isPending !== true) this.#entries.delete(object);
      return;
    }
    if (before?.uid === stored.uid) {
      // Told by an answer to a write already, or before that write.
      if (before.resourceVersion === stored.resourceVersion || isOlder(stored.resourceVersion, before.resourceVersion))
        return;
    } else beginAnew(entry);
    entry.stored = stored;
    if (before?.generation !== stored.generation) spareUnclaimed(entry, this.#options.scheduler.now());
    this.#touch(object);
  }

  /** What the API server holds of an object, as it was told last. */
  stored(object: ObjectKey): StoredObject | undefined {
    return this.#entries.get(object)?.stored;
  }

  /**
   * Tells whether this replica leads. It may only begin to once every object was observed and its first status given:
   * entries of ours that nothing is said about are taken away.
   */
  lead(isLeader: boolean): void {
    if (this.#leading === isLeader || this.#stopped) return;
    this.#leading = isLeader;
    this.#queue.clear();
    this.#rights.clear();
    if (!isLeader) return;
    // What the proxies of other replicas do is told to the leader only: nothing that was seen before counts.
    for (const entry of this.#entries.values()) {
      beginAnew(entry);
      spareUnclaimed(entry, this.#options.scheduler.now());
    }
    for (const object of this.#entries.keys()) this.#queue.add(object);
  }

  /** Tells that other versions of the CRDs are installed: what they dropped is tried again. */
  schemasChanged(): void {
    this.#unwritable.clear();
    for (const object of this.#entries.keys()) this.#touch(object);
  }

  statuses(): ReadonlyMap<ObjectKey, ObjectStatus> {
    const statuses = new Map<ObjectKey, ObjectStatus>();
    for (const [object, { desired, stored }] of this.#entries) {
      if (desired !== undefined && stored !== undefined) statuses.set(object, stored.status);
    }
    return statuses;
  }

  /** Starts no write any more; resolves once those in flight have ended. What is not written the next leader writes. */
  async stop(): Promise<void> {
    this.lead(false);
    this.#stopped = true;
    await this.#queue.idle();
  }

  #entry(object: ObjectKey): StatusEntry {
    const known = this.#entries.get(object);
    if (known !== undefined) return known;
    const entry = newEntry();
    this.#entries.set(object, entry);
    return entry;
  }

  #touch(object: ObjectKey): void {
    if (this.#leading) this.#queue.add(object);
  }

  #mayWrite(): boolean {
    return this.#leading && (this.#options.mayWrite?.() ?? true);
  }

  #look(object: ObjectKey): Step {
    const entry = this.#entries.get(object);
    const update = entry === undefined ? undefined : this.#due(object, entry);
    if (entry?.stored === undefined || update === undefined || !this.#leading) return { kind: "done" };
    const { scheduler, onOutcome } = this.#options;
    const held = this.#hold(entry, entry.stored, update);
    if (held.kind === "wait") return held;
    const write = this.#difference(object, entry.stored, held.update);
    if (write === undefined) {
      onOutcome?.("unchanged");
      return held.until === undefined ? { kind: "done" } : { kind: "wait", until: held.until };
    }
    const earliest = Math.max(earliestWrite(object, entry), this.#rights.until(object));
    const from = this.#mayWrite() ? earliest : scheduler.now() + writePace.apart;
    if (scheduler.now() < from) return { kind: "wait", until: from };
    return { kind: "busy", work: this.#write(object, entry, { ...write, until: held.until }) };
  }

  /** What there is to say about an object, provided that it was said about the generation that is stored. */
  #due(object: ObjectKey, { desired, stored, isPending }: StatusEntry): StatusUpdate | undefined {
    if (desired === undefined && isPending === true) return undefined;
    if (desired === undefined || saysNothing(desired)) return this.#retraction(object, stored);
    return updateGeneration(desired) === stored?.generation ? desired : undefined;
  }

  /** The entries of ours have to go that nothing is said about any more. */
  #retraction(object: ObjectKey, stored: StoredObject | undefined): StatusUpdate | undefined {
    const { parents = [], ancestors = [] } = stored?.status ?? {};
    const isOurs = (entry: { readonly controllerName: string }): boolean =>
      entry.controllerName === this.#options.controllerName;
    if (parents.some(isOurs)) return { kind: "Route", object, parents: [] };
    return ancestors.some(isOurs) ? { kind: "Policy", object, ancestors: [] } : undefined;
  }

  #hold(entry: StatusEntry, stored: StoredObject, update: StatusUpdate) {
    if (update.kind !== "Gateway" && update.kind !== "ListenerSet")
      return { kind: "write", update, until: undefined } as const;
    const decision = holdProgrammed(update, { stored, memory: entry.hold, now: this.#options.scheduler.now() });
    entry.hold = decision.memory;
    return decision;
  }

  #difference(object: ObjectKey, stored: StoredObject, update: StatusUpdate): Write | undefined {
    const { controllerName, now } = this.#options;
    const { status, generation } = stored;
    const merged = mergeStatus(status, update, { controllerName, now: now(), generation });
    if (merged === undefined) return undefined;
    const changes = statusChanges(stored, merged, this.#unwritable.get(parseObjectKey(object).kind) ?? new Set());
    return changes === undefined ? undefined : { stored, merged, changes };
  }

  async #write(object: ObjectKey, entry: StatusEntry, write: Write): Promise<void> {
    const { desired } = entry;
    const began = this.#options.scheduler.now();
    const request = statusPatch(object, { kind: this.#resource(object), ...write });
    const result = await requestObject(this.#options.client, request);
    if (result.kind === "failed") return this.#failed(object, entry, result);
    this.#rights.note(object, undefined, began);
    entry.failures = 0;
    entry.wroteAt = began;
    if (entry.desired === desired) entry.writes += 1;
    const answer = readStored(result.value);
    this.#learn(object, write, answer.status);
    this.#store(entry, answer);
    this.#options.onOutcome?.("written");
    this.#options.onWritten?.({ object, uid: write.stored.uid, before: write.stored.status, after: write.merged });
    if (write.until !== undefined) this.#touch(object);
  }

  async #failed(object: ObjectKey, entry: StatusEntry, failure: KubeFailure): Promise<void> {
    const { scheduler, random, onOutcome } = this.#options;
    const conflict = failure.status === 409;
    onOutcome?.(conflict ? "conflict" : "failed");
    entry.failures += 1;
    this.#rights.note(object, failure, scheduler.now());
    this.#logFailure(object, failure);
    if (conflict && this.#mayWrite()) await this.#reread(object, entry);
    const wait =
      conflict && entry.failures <= promptConflicts ? 0 : backoff(entry.failures, { ...writePace.retry, random });
    entry.notBefore = Math.max(scheduler.now() + Math.max(wait, failure.retryAfterMs ?? 0), this.#rights.until(object));
    this.#touch(object);
  }

  /** An API server that is away fails every write: one line in ten seconds tells of all. */
  #logFailure(object: ObjectKey, { status, reason, message }: KubeFailure): void {
    const { log, scheduler } = this.#options;
    const told = { object, status, reason, message };
    if (status === 409) log.debug(told, "somebody else changed the object: its status is merged again");
    if (status === 404) log.debug(told, "the object of a status is gone");
    if (status === 404 || status === 409) return;
    this.#untold += 1;
    if (scheduler.now() - this.#warnedAt < warnEvery) return;
    log.warn({ ...told, failures: this.#untold }, "a status could not be written: it is tried again");
    this.#warnedAt = scheduler.now();
    this.#untold = 0;
  }

  async #reread(object: ObjectKey, entry: StatusEntry): Promise<void> {
    const path = objectPath(object, this.#resource(object));
    const { stored } = entry;
    const result = await requestObject(this.#options.client, { method: "GET", path });
    // Another failure: then the watch tells, and until it does the next write is refused again.
    if (result.kind === "failed") return;
    const answer = readStored(result.value);
    // It is as it was found, though its version be older than what was known: the data may have come from a backup.
    if (stored !== undefined && entry.stored === stored && stored.uid === answer.uid) entry.stored = answer;
    else this.#store(entry, answer);
  }

  /** Takes what the API server answered, unless the watch has told of something newer, or that the object is gone. */
  #store(entry: StatusEntry, answer: StoredObject): void {
    const { stored } = entry;
    if (stored === undefined || stored.uid !== answer.uid || isOlder(answer.resourceVersion, stored.resourceVersion))
      return;
    entry.stored = answer;
  }

  #learn(object: ObjectKey, { changes }: Write, answer: ObjectStatus): void {
    const dropped = Object.keys(changes).filter((field) => !Object.hasOwn(answer, field));
    if (dropped.length === 0) return;
    const { kind } = parseObjectKey(object);
    this.#unwritable.set(kind, new Set([...(this.#unwritable.get(kind) ?? []), ...dropped]));
    this.#options.log.warn(
      { kind, fields: dropped },
      "the CRDs that are installed do not know fields of a status: they are left out",
    );
  }

  #resource(object: ObjectKey): ResourceKind {
    const { kind } = parseObjectKey(object);
    const { group, plural, versions } = kinds[kind];
    return { group, plural, version: this.#options.servedVersion?.(kind) ?? versions[0] };
  }
}

/** A route or a policy that is none of ours any more. */
function saysNothing(update: StatusUpdate): boolean {
  if (update.kind === "Route") return update.parents.length === 0;
  return update.kind === "Policy" && update.ancestors.length === 0;
}
