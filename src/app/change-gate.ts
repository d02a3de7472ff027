import { type Kind, type NamespacedName, type ObjectByKind, objectKey, parseNamespacedName } from "../core/keys.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { ObjectSink } from "../watch/object-source.ts";
import { ChangeQueue, mayWait, type ObjectChange } from "./change-queue.ts";

/** What a gate stands before, and whom it tells. */
export interface ChangeGateOptions {
  readonly sink: ObjectSink;
  /** Changes a minute that a namespace may make, as things stand; undefined: any number. */
  readonly limitOf: (namespace: string) => number | undefined;
  /** Told when a change begins to wait, and when another kind of change takes its place: an object comes instead of going. */
  readonly onHeld: (change: ObjectChange) => void;
  /** Told when nothing waits any more for the object of a change. */
  readonly onLet: (change: ObjectChange) => void;
  /** Told after changes that have waited were given to the sink. */
  readonly onBatch: () => void;
  readonly log: { warn(fields: object, message: string): void };
  readonly scheduler: Scheduler;
}

const minuteMs = 60_000;
/** What waits is let through in batches, as far apart as this at least. */
const shortestWaitMs = 100;
/** Limits change: however slow one is, it is looked at again after this time. */
const longestWaitMs = 1_000;
/** Most changes in a batch once a limit is taken away. */
const largestBatch = 200;
const sweepEvery = 1_000;

/**
 * Keeps namespaces to their rate of changes. Each has a minute's worth at once; what goes beyond waits, only the newest
 * version of each object, and is let through as the minute passes. While anything of a namespace waits, all that follows
 * waits behind it. No limit is known before the first translation: so what a source delivers first never waits.
 */
export class ChangeGate implements ObjectSink {
  readonly #options: ChangeGateOptions;
  readonly #namespaces = new Map<string, LimitedNamespace>();
  #cancelTimer: (() => void) | undefined;
  #stopped = false;

  constructor(options: ChangeGateOptions) {
    this.#options = options;
  }

  /** How many objects wait, of each namespace of which any does. */
  get waiting(): ReadonlyMap<string, number> {
    const counts = [...this.#namespaces].map(([namespace, { queue }]) => [namespace, queue.size] as const);
    return new Map(counts.filter(([, count]) => count > 0));
  }

  set<K extends Kind>(kind: K, name: NamespacedName, object: ObjectByKind[K]): void {
    this.#take({ key: objectKey(kind, name), kind, name, object });
  }

  delete(kind: Kind, name: NamespacedName): void {
    this.#take({ key: objectKey(kind, name), kind, name });
    if (kind === "Namespace") this.#end(name);
  }

  /** Lets nothing through any more. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #take(change: ObjectChange): void {
    const { namespace } = parseNamespacedName(change.name);
    const limited = namespace === undefined || !mayWait(change.kind) ? undefined : this.#find(namespace);
    if (limited === undefined || this.#passesNow(limited, change)) this.#pass(change);
    else this.#hold(limited, change);
  }

  #passesNow(limited: LimitedNamespace, change: ObjectChange): boolean {
    // Whoever takes a permission back must not find it in use a minute later.
    if (change.kind === "ReferenceGrant" && change.object === undefined) {
      this.#forget(limited, change);
      return true;
    }
    return limited.queue.size === 0 && limited.take(this.#options.scheduler.now());
  }

  /** Undefined where nothing is limited and nothing waits. */
  #find(namespace: string): LimitedNamespace | undefined {
    const { limitOf, scheduler } = this.#options;
    const limit = limitOf(namespace);
    const known = this.#namespaces.get(namespace);
    if (limit === undefined && (known === undefined || known.queue.size === 0)) {
      this.#namespaces.delete(namespace);
      return undefined;
    }
    const limited = known ?? this.#begin(namespace);
    limited.setLimit(limit ?? Number.POSITIVE_INFINITY, scheduler.now());
    return limited;
  }

  #begin(namespace: string): LimitedNamespace {
    const now = this.#options.scheduler.now();
    const begun = new LimitedNamespace(namespace, now);
    // Namespaces come and go: one with its whole minute left is as one that was never seen.
    if (this.#namespaces.size % sweepEvery === sweepEvery - 1) {
      for (const [name, known] of this.#namespaces) if (known.isIdle(now)) this.#namespaces.delete(name);
    }
    this.#namespaces.set(namespace, begun);
    return begun;
  }

  #hold(limited: LimitedNamespace, change: ObjectChange): void {
    const { namespace, queue } = limited;
    const { scheduler, log } = this.#options;
    const before = queue.get(change.key);
    queue.put(change);
    if (before === undefined || (before.object === undefined) !== (change.object === undefined)) {
      this.#options.onHeld(change);
    }
    if (before !== undefined || queue.size > 1) return;
    if (limited.mayTell(scheduler.now())) {
      log.warn({ namespace }, "the namespace makes too many changes: they are delayed and merged");
    }
    // The first of a namespace may be due before what the timer was set for.
    this.#letLater();
  }

  /** A namespace is gone only after all that was in it: there is nobody left to wait for. */
  #end(namespace: string): void {
    const queue = this.#namespaces.get(namespace)?.queue;
    this.#namespaces.delete(namespace);
    for (let change = queue?.shift(); change !== undefined; change = queue?.shift()) this.#let(change);
  }

  #let(change: ObjectChange): void {
    this.#pass(change);
    this.#options.onLet(change);
  }

  #forget({ queue }: LimitedNamespace, change: ObjectChange): void {
    if (queue.get(change.key) === undefined) return;
    queue.remove(change.key);
    this.#options.onLet(change);
  }

  #pass({ kind, name, object }: ObjectChange): void {
    if (object === undefined) this.#options.sink.delete(kind, name);
    else this.#options.sink.set(kind, name, object);
  }

  #letLater(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#stopped) return;
    const { scheduler } = this.#options;
    const waiting = [...this.#namespaces.values()].filter(({ queue }) => queue.size > 0);
    if (waiting.length === 0) return;
    const due = Math.min(longestWaitMs, ...waiting.map((each) => each.dueIn(scheduler.now())));
    this.#cancelTimer = scheduler.after(Math.max(shortestWaitMs, due), () => this.#letThrough());
  }

  #letThrough(): void {
    const now = this.#options.scheduler.now();
    let count = 0;
    for (const namespace of [...this.#namespaces.keys()]) {
      const limited = this.#find(namespace);
      if (limited !== undefined) count += this.#letSome(limited, now);
    }
    this.#letLater();
    if (count > 0) this.#options.onBatch();
  }

  #letSome(limited: LimitedNamespace, now: number): number {
    let count = 0;
    while (count < largestBatch && limited.queue.size > 0 && limited.take(now)) {
      const change = limited.queue.shift();
      if (change === undefined) break;
      this.#let(change);
      count += 1;
    }
    return count;
  }
}

/** The changes of one namespace that wait, and how many more it may make now. */
class LimitedNamespace {
  readonly namespace: string;
  readonly queue = new ChangeQueue();
  /** Changes a minute; infinite once the limit is gone. */
  #perMinute = 0;
  #tokens = 0;
  #at: number;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(namespace: string, now: number) {
    this.namespace = namespace;
    this.#at = now;
  }

  setLimit(perMinute: number, now: number): void {
    if (perMinute === this.#perMinute) return;
    this.#refill(now);
    // A limit that rises gives at once what it has more; of one that falls nobody keeps what was above it.
    this.#tokens = Math.min(this.#tokens + Math.max(0, perMinute - this.#perMinute), perMinute);
    this.#perMinute = perMinute;
  }

  take(now: number): boolean {
    this.#refill(now);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Milliseconds until the next change may pass. */
  dueIn(now: number): number {
    this.#refill(now);
    return this.#tokens >= 1 ? 0 : ((1 - this.#tokens) * minuteMs) / this.#perMinute;
  }

  /** Once a minute: at the limit changes wait and go in turns. */
  mayTell(now: number): boolean {
    if (now - this.#toldAt < minuteMs) return false;
    this.#toldAt = now;
    return true;
  }

  isIdle(now: number): boolean {
    this.#refill(now);
    return this.queue.size === 0 && this.#tokens >= this.#perMinute;
  }

  #refill(now: number): void {
    if (this.#perMinute > 0 && now > this.#at) {
      this.#tokens = Math.min(this.#perMinute, this.#tokens + ((now - this.#at) * this.#perMinute) / minuteMs);
    }
    this.#at = now;
  }
}
