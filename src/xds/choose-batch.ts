import type { Backlog } from "./backlog.ts";
import type { Gates } from "./ordering.ts";
import { type Batch, type Desired, oldest, removalsOf, type SentResource } from "./response-batch.ts";

/** What decides, beside the gates, what the next response of a type says. */
export interface BatchPolicy {
  desired(name: string): Desired;
  /** Whether the client asked for the name and does not have it. */
  isWanted(name: string): boolean;
  /** Names asked for one by one need not come together; what a wildcard's first answer lacks counts as absent. */
  readonly mayCut: boolean;
  /** What a first complete answer lacks is removed from a client that connects again. */
  readonly mustBeWhole: boolean;
  readonly owesFirst: boolean;
  /** Whether the table holds nothing of the type. */
  readonly isEmpty: boolean;
  readonly previousKind: Batch["kind"] | undefined;
}

/** Most bytes and resources of one response that may be cut. */
const maxBatchBytes = 4 * 1024 * 1024;
const maxBatchSize = 1000;

/** Chooses what to send next, if anything may be sent. Steady changes delay neither answers nor older removals. */
export function chooseBatch(backlog: Backlog, gates: Gates, policy: BatchPolicy): Batch | undefined {
  const mayTry = !(policy.mustBeWhole && backlog.upserts.size > 0);
  const doubted = mayTry ? chooseDoubted(backlog, gates, policy) : undefined;
  if (doubted !== undefined) return doubted;
  const answer = backlog.missing.size > 0 ? removalsOf("answer", backlog.missing) : undefined;
  if (answer !== undefined && policy.previousKind === "upserts") return answer;
  const removals = chooseRemovals(backlog, gates);
  if (removals !== undefined && backlog.oldestRemoval() < oldest(backlog.upserts.values())) return removals;
  const upserts = chooseUpserts(backlog, gates, policy);
  if (upserts !== undefined) return upserts;
  // A client that refused its first complete answer may still have what is gone by now.
  const owesAgain = policy.mustBeWhole && policy.isEmpty && policy.previousKind === "upserts";
  if ((policy.owesFirst || owesAgain) && !backlog.hasUpserts)
    return { kind: "empty", upserts: new Map(), removals: new Set() };
  return answer ?? removals;
}

/** What is in doubt goes before everything else, in the groups in which the bad ones are found. */
function chooseDoubted(backlog: Backlog, gates: Gates, policy: BatchPolicy): Batch | undefined {
  const found = new Map<string, SentResource>();
  const names = backlog.doubts.next((name) => {
    const sent = sendable([name, backlog.since(name) ?? 0], gates, policy);
    if (sent !== undefined) found.set(name, sent);
    return sent !== undefined;
  });
  const upserts = collect(names, (name) => found.get(name), policy);
  return upserts.size === 0 ? undefined : upsertsOf(upserts);
}

function chooseUpserts(backlog: Backlog, gates: Gates, policy: BatchPolicy): Batch | undefined {
  const upserts = collect(backlog.upserts, (entry) => sendable(entry, gates, policy), policy);
  const isIncomplete = policy.mustBeWhole && upserts.size < backlog.upserts.size;
  return upserts.size === 0 || isIncomplete ? undefined : upsertsOf(upserts);
}

function collect<T>(
  entries: Iterable<T>,
  find: (entry: T) => SentResource | undefined,
  { mayCut }: BatchPolicy,
): ReadonlyMap<string, SentResource> {
  const upserts = new Map<string, SentResource>();
  let bytes = 0;
  for (const entry of entries) {
    const sent = find(entry);
    if (sent === undefined) continue;
    upserts.set(sent.resource.name, sent);
    bytes += sent.resource.bytes.length;
    if (mayCut && (bytes >= maxBatchBytes || upserts.size >= maxBatchSize)) break;
  }
  return upserts;
}

function chooseRemovals(backlog: Backlog, gates: Gates): Batch | undefined {
  if (backlog.removals.size === 0) return undefined;
  const names = [...backlog.removals].filter(([name, { at }]) => gates.mayRemove(name, at)).map(([name]) => name);
  return names.length === 0 ? undefined : removalsOf("removals", names);
}

function sendable([name, since]: [string, number], gates: Gates, policy: BatchPolicy): SentResource | undefined {
  const desired = policy.desired(name);
  if (desired.kind !== "resource") return undefined;
  const { resource, changed, created } = desired;
  const isFree = gates.mayAdd({ resource, changed, isWanted: policy.isWanted(name) });
  return isFree ? { resource, created, since } : undefined;
}

function upsertsOf(upserts: ReadonlyMap<string, SentResource>): Batch {
  return { kind: "upserts", upserts, removals: new Set() };
}
