import { type NamespacedName, namespacedName } from "../core/keys.ts";
import {
  type ClaimKeeper,
  type ClaimWant,
  type Holding,
  type HostnameRecord,
  holdingOf,
  type RecordKey,
  recordName,
} from "../core/ownership.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { chooseHolders, holdingOfChoice } from "./choose-holders.ts";
import { type ClaimLog, type ClaimTarget, divertRecords, type ObjectTaker } from "./claim-target.ts";
import { Deadlines, wholeSeconds } from "./deadlines.ts";
import type { ClaimStore } from "./state-file.ts";
import { heldLine, type KeptClaim, type StateLine } from "./state-lines.ts";
import { StoredRecords } from "./stored-records.ts";

/** What a keeper without a cluster needs. */
export interface LocalKeeperOptions {
  /** Absent: what is held is forgotten with the process. */
  readonly store?: ClaimStore;
  readonly now: () => Date;
  readonly scheduler: Scheduler;
  readonly log: { readonly error: ClaimLog };
  /** How long a claim outlives what wanted it. */
  readonly retentionMs: number;
  /** Something counts otherwise: a flush is due. */
  readonly changed: () => void;
}

/** After a write that failed, in milliseconds. */
const retryPause = 5_000;

/** Keeps claims where one process decides alone: each is held at once, after it was stored. Records in manifests count too. */
export class LocalKeeper implements ClaimKeeper {
  readonly #options: LocalKeeperOptions;
  readonly #records = new StoredRecords();
  readonly #kept: Map<RecordKey, KeptClaim>;
  readonly #wants = new Map<RecordKey, ClaimWant>();
  /** Wanted, and not held by anybody who wants it. */
  readonly #open = new Map<RecordKey, ClaimWant>();
  /** Records that the wants do not show yet. */
  readonly #fresh = new Set<RecordKey>();
  readonly #problems = new Set<RecordKey>();
  readonly #deadlines: Deadlines<RecordKey>;
  #target: ClaimTarget | undefined;
  #isSettled = false;
  #cancelRetry: (() => void) | undefined;

  constructor(options: LocalKeeperOptions) {
    this.#options = options;
    this.#kept = new Map(options.store?.claims);
    this.#deadlines = new Deadlines({ ...options, due: (key) => this.#end(key) });
  }

  /** Stands between a source of objects and the translation, which is told at once what was kept. */
  sink(target: ClaimTarget): ObjectTaker {
    this.#target = target;
    for (const { holding } of this.#kept.values()) target.hold(holding);
    return divertRecords(target, {
      set: (name, record) => this.#setRecord(name, record),
      delete: (name) => this.#deleteRecord(name),
    });
  }

  wantsChanged(changes: ReadonlyMap<RecordKey, ClaimWant | undefined>): readonly Holding[] {
    for (const [key, want] of changes) {
      if (want === undefined) this.#wants.delete(key);
      else this.#wants.set(key, want);
      this.#refresh(key);
    }
    this.#markUse(changes.keys());
    return this.#cancelRetry === undefined ? this.#holdOpen() : [];
  }

  /** Everything that was handed over counts in the wants. */
  settled(): void {
    const fresh = [...this.#fresh];
    this.#fresh.clear();
    for (const key of fresh) this.#refresh(key);
    // What was kept, and nothing has wanted since the start.
    if (!this.#isSettled) this.#markUse(this.#kept.keys());
    this.#isSettled = true;
    if (fresh.some((key) => this.#open.has(key))) this.#holdLater();
  }

  stop(): void {
    this.#deadlines.clear();
    this.#cancelRetry?.();
  }

  /** What was kept beside a record is what the platform has granted to others than the record names, or the same. */
  #holderOf(key: RecordKey): Holding | undefined {
    return this.#kept.get(key)?.holding ?? this.#records.of(key)?.holding;
  }

  #refresh(key: RecordKey): void {
    const want = this.#wants.get(key);
    const holder = this.#holderOf(key)?.namespace;
    const isOpen =
      want !== undefined && !this.#fresh.has(key) && !want.candidates.some(({ namespace }) => namespace === holder);
    if (isOpen) this.#open.set(key, want);
    else this.#open.delete(key);
    if (want === undefined) this.#clearProblem(key);
  }

  #holdOpen(): readonly Holding[] {
    const since = wholeSeconds(this.#options.now());
    const holdings = chooseHolders(this.#open.values()).map((choice) => holdingOfChoice(choice, since));
    const problem = this.#options.store?.append(holdings.map(heldLine));
    if (problem !== undefined) {
      this.#failed(holdings, problem);
      return [];
    }
    for (const holding of holdings) {
      this.#kept.set(holding.key, { holding });
      this.#open.delete(holding.key);
      this.#clearProblem(holding.key);
    }
    return holdings;
  }

  #failed(holdings: readonly Holding[], problem: string): void {
    const { log, scheduler } = this.#options;
    log.error({ problem, claims: holdings.length }, "the state file cannot be written: nobody new is served");
    for (const { key } of holdings) {
      this.#problems.add(key);
      this.#target?.setClaimProblem(key, "the state file cannot be written");
    }
    this.#cancelRetry ??= scheduler.after(retryPause, () => {
      this.#cancelRetry = undefined;
      this.#holdLater();
    });
  }

  #clearProblem(key: RecordKey): void {
    if (this.#problems.delete(key)) this.#target?.setClaimProblem(key, undefined);
  }

  /** Holds what is open outside of a flush. */
  #holdLater(): void {
    for (const holding of this.#holdOpen()) this.#target?.hold(holding);
    this.#options.changed();
  }

  /** Notes of what is kept whether anything wants it. A line that is lost costs no more than time: it is noted again. */
  #markUse(keys: Iterable<RecordKey>): void {
    const { now, retentionMs, store } = this.#options;
    const lines: StateLine[] = [];
    for (const key of keys) {
      const kept = this.#kept.get(key);
      if (kept === undefined) continue;
      const { holding, unusedSince } = kept;
      if (this.#wants.has(key)) {
        this.#deadlines.cancel(key);
        if (unusedSince === undefined) continue;
        this.#kept.set(key, { holding });
        lines.push({ kind: "used", key });
      } else {
        const since = unusedSince ?? wholeSeconds(now());
        this.#deadlines.set(key, Date.parse(since) + retentionMs);
        if (unusedSince !== undefined) continue;
        this.#kept.set(key, { holding, unusedSince: since });
        lines.push({ kind: "unused", key, since });
      }
    }
    this.#note(store?.append(lines));
  }

  #end(key: RecordKey): void {
    if (this.#wants.has(key) || !this.#kept.delete(key)) return;
    this.#note(this.#options.store?.append([{ kind: "ended", key }]));
    this.#target?.delete("HostnameRecord", canonicalName(key));
    this.#count(key);
    this.#options.changed();
  }

  #note(problem: string | undefined): void {
    if (problem !== undefined) this.#options.log.error({ problem }, "the state file cannot be written");
  }

  #setRecord(name: NamespacedName, record: HostnameRecord): void {
    if (this.#records.get(name)?.holding.key !== holdingOf(record).key) this.#deleteRecord(name);
    const { key } = this.#records.set(name, record).holding;
    this.#fresh.add(key);
    this.#yield(key, record.spec.namespace);
    this.#count(key);
    this.#refresh(key);
  }

  /** What people write down counts before what came by itself. */
  #yield(key: RecordKey, namespace: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined || kept.holding.namespace === namespace) return;
    this.#kept.delete(key);
    this.#deadlines.cancel(key);
    this.#target?.delete("HostnameRecord", canonicalName(key));
    this.#note(this.#options.store?.append([{ kind: "ended", key }]));
  }

  #deleteRecord(name: NamespacedName): void {
    const stored = this.#records.delete(name);
    if (stored === undefined) return;
    const { key, namespace } = stored.holding;
    const isWanted = this.#wants.get(key)?.candidates.some((candidate) => candidate.namespace === namespace) ?? false;
    // Who is served goes on being served.
    if (isWanted && this.#holderOf(key) === undefined) this.#keep(stored.holding);
    this.#target?.delete("HostnameRecord", canonicalName(key));
    this.#count(key);
    this.#fresh.add(key);
    this.#refresh(key);
  }

  #keep(holding: Holding): void {
    this.#kept.set(holding.key, { holding });
    this.#note(this.#options.store?.append([heldLine(holding)]));
  }

  /** Tells the translation who holds something, after what it knew of it was taken away. */
  #count(key: RecordKey): void {
    const holder = this.#holderOf(key);
    if (holder !== undefined) this.#target?.hold(holder);
  }
}

function canonicalName(key: RecordKey): NamespacedName {
  return namespacedName(undefined, recordName(key));
}
