/** When `Programmed` may be taken back. A stream, a replica or the leader that restarts says nothing about the proxies. */
import type { Condition, ListenerStatus, StatusUpdate } from "../core/conditions.ts";
import type { ObjectStatus, StoredCondition, StoredListener } from "../core/object-status.ts";
import type { StoredObject } from "../core/stored-object.ts";

/** The update of an object whose proxies are told of. */
export type ProgrammedUpdate = Extract<StatusUpdate, { kind: "Gateway" | "ListenerSet" }>;

/** What is remembered between two looks at one object. */
export interface HoldMemory {
  /** Since when there is no proxy, without interruption. */
  readonly noProxiesSince?: number;
  /** The generation that is not written yet, and since when it is known. */
  readonly generation?: { readonly value: number; readonly since: number };
}

/** What may be written of an update now. */
export type HoldDecision =
  | { readonly kind: "wait"; readonly until: number; readonly memory: HoldMemory }
  | {
      readonly kind: "write";
      readonly update: ProgrammedUpdate;
      readonly memory: HoldMemory;
      /** When more of it may be written; absent when only another update can change that. */
      readonly until?: number;
    };

/** How long what was programmed stays so without any Ready proxy, in milliseconds. */
export const noProxiesGrace = 30_000;

/** How long a new generation waits for its acknowledgement, so that one write tells all of it, in milliseconds. */
export const acknowledgementGrace = 1_000;

/**
 * Decides what of an update may be written now. A settled one as it is. Of one that waits for proxies, what is stored as
 * programmed for the same generation stays: for ever while proxies are on their way, for 30 s while there is none. A new
 * generation waits up to 1 s for its acknowledgement.
 */
export function holdProgrammed(
  update: ProgrammedUpdate,
  { stored, memory, now }: { readonly stored: StoredObject; readonly memory: HoldMemory; readonly now: number },
): HoldDecision {
  const noProxiesSince = lacksProxies(update, stored.status) ? (memory.noProxiesSince ?? now) : undefined;
  const since = noProxiesSince === undefined ? {} : { noProxiesSince };
  const graceEnd = noProxiesSince === undefined ? undefined : noProxiesSince + noProxiesGrace;
  const holds = graceEnd === undefined ? update.programming === "waiting" : now < graceEnd;
  if (update.programming !== "settled" && !isWritten(stored)) {
    const generation = rememberGeneration(memory, stored.generation, now);
    const until = generation.since + acknowledgementGrace;
    if (now < until) return { kind: "wait", until, memory: { ...since, generation } };
    const written = holds ? keepAddresses(update, stored.status) : update;
    return { kind: "write", update: written, memory: { ...since, generation }, ...(holds ? untilEnd(graceEnd) : {}) };
  }
  if (!holds) return { kind: "write", update, memory: since };
  return { kind: "write", update: keepProgrammed(update, stored.status), memory: since, ...untilEnd(graceEnd) };
}

/** Whether the stored status tells how far the object's generation has come. */
function isWritten({ status, generation }: StoredObject): boolean {
  return programmedOf(status.conditions)?.observedGeneration === generation;
}

function rememberGeneration({ generation }: HoldMemory, value: number, now: number) {
  return generation?.value === value ? generation : { value, since: now };
}

function untilEnd(end: number | undefined): { readonly until?: number } {
  return end === undefined ? {} : { until: end };
}

/**
 * Whether the clock of 30 s runs. It does for a settled update too, when a listener of it would be taken back only because
 * its proxies are silent: what settled the object, such as a lost address, is no word about that listener.
 */
function lacksProxies(update: ProgrammedUpdate, status: ObjectStatus): boolean {
  if (update.programming !== "settled") return update.programming === "noProxies";
  const stored = listenersByName(status);
  return update.listeners.some((listener) => heldListener(listener, stored.get(listener.name)) !== listener);
}

/** The update with what must not be taken back as it is stored. */
function keepProgrammed(update: ProgrammedUpdate, status: ObjectStatus): ProgrammedUpdate {
  const stored = listenersByName(status);
  const listeners = update.listeners.map((listener) => heldListener(listener, stored.get(listener.name)));
  if (update.programming === "settled") return { ...update, listeners };
  const conditions = heldConditions(update.conditions, status.conditions);
  return keepAddresses({ ...update, conditions, listeners }, status);
}

/** No address is known while nothing is known of the fleet: that takes none back. */
function keepAddresses(update: ProgrammedUpdate, { addresses = [] }: ObjectStatus): ProgrammedUpdate {
  return update.kind === "Gateway" && update.addresses.length === 0 ? { ...update, addresses } : update;
}

/** Reasons of a listener that tell of silent proxies; any other tells what is wrong with it, and is not held. */
const silence: ReadonlySet<string> = new Set(["Pending", "NoResources"]);

function heldListener(listener: ListenerStatus, stored: StoredListener | undefined): ListenerStatus {
  const programmed = programmedOf(listener.conditions);
  if (programmed === undefined || !silence.has(programmed.reason)) return listener;
  const conditions = heldConditions(listener.conditions, stored?.conditions);
  return conditions === listener.conditions ? listener : { ...listener, conditions };
}

function heldConditions(
  desired: readonly Condition[],
  stored: readonly StoredCondition[] | undefined,
): readonly Condition[] {
  const before = programmedOf(stored);
  const mine = programmedOf(desired);
  if (before?.status !== "True" || mine === undefined || mine.status === "True") return desired;
  if (before.observedGeneration !== mine.observedGeneration) return desired;
  const { reason, message } = before;
  return desired.map((condition) => (condition === mine ? { ...mine, status: "True", reason, message } : condition));
}

function programmedOf<T extends { readonly type: string }>(conditions: readonly T[] = []): T | undefined {
  return conditions.find(({ type }) => type === "Programmed");
}

function listenersByName({ listeners = [] }: ObjectStatus): ReadonlyMap<string, StoredListener> {
  return new Map(listeners.map((listener) => [listener.name, listener]));
}
