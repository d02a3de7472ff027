/** Kubernetes Events on objects that are refused, and on those that are well again. */
import { keepNewest } from "../core/keep-newest.ts";
import { type Kind, kinds, type ObjectKey, parseObjectKey } from "../core/keys.ts";
import type { KubeClient, KubeRequest } from "../core/kube-client.ts";
import { backoff, type Scheduler } from "../core/scheduler.ts";
import { TokenBuckets } from "../core/token-buckets.ts";
import type { Logger } from "../logger.ts";
import { countEvent, createEvent, cutToBytes, type EventPlace, eventPlace } from "./event-request.ts";
import { type StatusChange, statusTransitions } from "./transitions.ts";

/** What a recorder of Events needs. */
export interface EventRecorderOptions {
  readonly client: KubeClient;
  readonly controllerName: string;
  /** Name of the pod. */
  readonly reportingInstance: string;
  readonly now: () => Date;
  readonly scheduler: Scheduler;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  readonly log: Pick<Logger, "debug">;
  /** The version that the API server serves of a kind; the preferred one of ours unless told. */
  readonly servedVersion?: (kind: Kind) => string | undefined;
}

/** What an Event is to tell of an object. */
export interface EventNews {
  readonly object: ObjectKey;
  readonly uid: string;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly note: string;
}

/** How many Events there may be. Times are in milliseconds. */
export const eventLimits = {
  /** Requests that wait; the oldest are dropped. */
  queue: 1_000,
  /** The same Event again is counted, and the count told at most once in this time. */
  series: 600_000,
  /** Events that are remembered so that the same one is counted. */
  remembered: 4_096,
  /** Events of one object in a row, and the time in which it may have one more. */
  burst: 25,
  refill: 60_000,
  noteBytes: 1_024,
  attempts: 3,
  retry: { first: 1_000, most: 10_000 },
} as const;

/** One Event that is there, or on its way. */
interface Recorded {
  readonly place: EventPlace;
  count: number;
  lastSeen: Date;
  toldAt: number;
  /** Set while a count waits to be told. */
  cancel: (() => void) | undefined;
}

interface Sending {
  readonly request: KubeRequest;
  readonly id: string;
  attempts: number;
}

/**
 * Records what writes of statuses turned. It is told of writes that succeeded only, so that a restart, which writes nothing,
 * records nothing. It sends one request at a time, and nobody waits for it.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #buckets: TokenBuckets;
  readonly #recorded = new Map<string, Recorded>();
  /** Conditions whose refusal was told, by object: they recover also after they were open for a while. */
  readonly #refused = new Map<string, Set<string>>();
  #queue: Sending[] = [];
  #busy = false;
  #cancelRetry: (() => void) | undefined;
  #stopped = false;
  #serial = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    const { burst, refill, remembered } = eventLimits;
    this.#buckets = new TokenBuckets({ burst, refill, most: remembered, now: () => options.scheduler.now() });
  }

  /** Takes a status that the API server took. */
  record(change: StatusChange): void {
    if (this.#stopped) return;
    const refused = this.#refused.get(change.uid) ?? new Set<string>();
    this.#refused.delete(change.uid);
    for (const transition of statusTransitions(change, this.#options.controllerName)) {
      const knew = refused.delete(transition.id);
      if (transition.kind === "begun" && !knew) continue;
      if (transition.kind === "refused") refused.add(transition.id);
      const { reason, note } = transition;
      const type = transition.kind === "refused" ? "Warning" : "Normal";
      this.#tell({ object: change.object, uid: change.uid, type, reason, note });
    }
    if (refused.size === 0) return;
    keepNewest(this.#refused, { key: change.uid, value: refused, most: eventLimits.remembered });
  }

  /** Takes something that people should see of an object, besides what its status says. */
  note(news: EventNews): void {
    if (!this.#stopped) this.#tell(news);
  }

  /** Requests that wait for the one before them. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Sends nothing any more. */
  stop(): void {
    this.#stopped = true;
    this.#queue = [];
    this.#cancelRetry?.();
    for (const { cancel } of this.#recorded.values()) cancel?.();
    this.#recorded.clear();
  }

  #tell({ object, uid, type, reason, note: text }: EventNews): void {
    const { controllerName, reportingInstance, now, scheduler } = this.#options;
    const note = cutToBytes(text, eventLimits.noteBytes);
    const id = JSON.stringify([object, uid, type, reason, note]);
    const known = this.#recorded.get(id);
    if (known !== undefined) {
      this.#again(id, known);
      return;
    }
    if (!this.#buckets.take(uid)) return;
    const place = eventPlace(object, this.#suffix());
    const value: Recorded = { place, count: 1, lastSeen: now(), toldAt: scheduler.now(), cancel: undefined };
    keepNewest(this.#recorded, { key: id, value, most: eventLimits.remembered })?.cancel?.();
    const version = this.#version(parseObjectKey(object).kind);
    const facts = { object, uid, version, type, reason, note, controllerName, reportingInstance } as const;
    this.#send(createEvent(place, facts, now()), id);
  }

  /** Its count is told at once when nothing was told of it for long, else together with what comes until then. */
  #again(id: string, recorded: Recorded): void {
    const { scheduler, now } = this.#options;
    recorded.count += 1;
    recorded.lastSeen = now();
    const wait = Math.max(0, recorded.toldAt + eventLimits.series - scheduler.now());
    recorded.cancel ??= scheduler.after(wait, () => {
      recorded.cancel = undefined;
      recorded.toldAt = scheduler.now();
      this.#send(countEvent(recorded.place, recorded.count, recorded.lastSeen), id);
    });
  }

  #send(request: KubeRequest, id: string): void {
    this.#queue.push({ request, id, attempts: 0 });
    if (this.#queue.length > eventLimits.queue) this.#queue.shift();
    if (!this.#busy) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const wait = await this.#attempt(next);
      if (wait === undefined || this.#stopped) continue;
      this.#queue.unshift(next);
      this.#cancelRetry = this.#options.scheduler.after(wait, () => void this.#drain());
      return;
    }
    this.#busy = false;
  }

  /** How long to wait before the same request is tried again; undefined when it is over. */
  async #attempt(sending: Sending): Promise<number | undefined> {
    const { client, log, random } = this.#options;
    const result = await client.request(sending.request);
    if (result.kind === "ok") return undefined;
    sending.attempts += 1;
    const { status, reason, message, retryAfterMs = 0 } = result;
    const mayPass = status === 0 || status === 429 || status >= 500;
    if (mayPass && sending.attempts < eventLimits.attempts) {
      return Math.max(retryAfterMs, backoff(sending.attempts, { ...eventLimits.retry, random }));
    }
    log.debug({ status, reason, message }, "an Event could not be recorded");
    // The API server keeps Events for an hour or so: what is not there can be counted no more, the next one is new.
    this.#recorded.get(sending.id)?.cancel?.();
    this.#recorded.delete(sending.id);
    return undefined;
  }

  #version(kind: Kind): string {
    return this.#options.servedVersion?.(kind) ?? kinds[kind].versions[0];
  }

  #suffix(): string {
    this.#serial += 1;
    const chance = Math.floor(this.#options.random() * 2 ** 32);
    return `${this.#options.now().getTime().toString(16)}${chance.toString(16).padStart(8, "0")}${this.#serial.toString(16)}`;
  }
}
