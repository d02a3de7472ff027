import { type NamespacedName, namespacedName } from "../core/keys.ts";
import type { KubeClient } from "../core/kube-client.ts";
import {
  type ClaimCandidate,
  type ClaimKeeper,
  type ClaimWant,
  type Holding,
  type HostnameRecord,
  holdingOf,
  type RecordKey,
  recordName,
} from "../core/ownership.ts";
import { isOlder } from "../core/resource-version.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { Batch } from "./batch.ts";
import { type Choice, chooseHolders, holdingOfChoice } from "./choose-holders.ts";
import { type ClaimLog, type ClaimTarget, divertRecords, type ObjectTaker } from "./claim-target.ts";
import { Deadlines, wholeSeconds } from "./deadlines.ts";
import { RecordAbsence } from "./record-absence.ts";
import type { RecordVersion } from "./record-requests.ts";
import { type OverriddenRecord, type RecordTask, type RecordWrite, RecordWriter } from "./record-writer.ts";
import { type StoredRecord, StoredRecords } from "./stored-records.ts";

/** What a keeper of records needs. Clocks, timers and chance are parameters, so that tests hold them still. */
export interface RecordKeeperOptions {
  readonly client: KubeClient;
  readonly now: () => Date;
  readonly scheduler: Scheduler;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  readonly log: { readonly warn: ClaimLog };
  /** How long a record outlives what wanted it. */
  readonly retentionMs: number;
  /** Whether the stored status of the object says that it was served as it is. */
  readonly wasServed: (candidate: ClaimCandidate) => boolean;
  /** Whether the CustomResourceDefinition of the records is not there. */
  readonly isAbsent: () => boolean;
  /** Asked before each write, beside {@link RecordKeeper.lead}. */
  readonly mayWrite?: () => boolean;
  /** Something counts otherwise: a flush is due. */
  readonly changed: () => void;
  readonly onWrite?: (write: RecordWrite) => void;
  readonly onOverridden?: (overridden: OverriddenRecord) => void;
}

/** Failures of this time, in milliseconds, are tried again together. */
const retryPause = 50;

/**
 * Keeps claims as HostnameRecords. A first claim counts once its record exists: only the leader makes records, by create, so
 * that the API server settles every race. What was served before is held at once, and recorded afterwards: neither a lost
 * record nor a first enforcement stops anything. Where records cannot be stored, claims are held in memory.
 */
export class RecordKeeper implements ClaimKeeper {
  readonly #options: RecordKeeperOptions;
  readonly #records = new StoredRecords();
  readonly #versions = new Map<string, RecordVersion>();
  readonly #wants = new Map<RecordKey, ClaimWant>();
  /** Wanted, and neither stored nor held by anybody who wants it. */
  readonly #open = new Map<RecordKey, ClaimWant>();
  /** Held without a record. */
  readonly #held = new Map<RecordKey, Holding>();
  /** To whom what is open goes, of what the leader records now. */
  #choices = new Map<RecordKey, Choice>();
  /** Recorded, but the wants do not show it yet. */
  readonly #recorded = new Map<RecordKey, Choice>();
  /** Records that the wants do not show yet. */
  readonly #fresh = new Set<RecordKey>();
  /** Wants that changed, or had to wait for another that overlaps. */
  #unsettled = new Set<RecordKey>();
  /** The name of the record that the translation knows of each thing. */
  readonly #counted = new Map<RecordKey, NamespacedName>();
  readonly #writer: RecordWriter;
  readonly #deadlines: Deadlines<RecordKey>;
  readonly #absence: RecordAbsence;
  #target: ClaimTarget | undefined;
  #leading = false;
  #isSettled = false;
  #isPlanDue = false;
  /** Retries that come together are chosen together. */
  readonly #retries: Batch<RecordKey>;
  /** Whether something that overlaps had to wait at the last choice. */
  #hasWaiting = false;

  constructor(options: RecordKeeperOptions) {
    this.#options = options;
    const take = (keys: readonly RecordKey[]) => {
      this.#plan();
      for (const key of keys) this.#look(key);
    };
    this.#retries = new Batch({ scheduler: options.scheduler, pause: retryPause, take });
    this.#deadlines = new Deadlines({ ...options, due: (key) => this.#due(key) });
    this.#absence = new RecordAbsence({
      ...options,
      onPresent: () => this.#writer.addAll([...this.#held].map(([key, { namespace }]) => [key, namespace])),
    });
    this.#writer = new RecordWriter(options, {
      taskOf: (key) => this.#taskOf(key),
      versionOf: (name) => this.#versions.get(name),
      onStored: (record, version) => this.#tookRecord(record, version),
      onVersion: (name, version) => this.observe(name, version),
      onGone: (name) => this.#lostRecord(name),
      onAbsent: () => this.#becameAbsent(),
      onProblem: (key, problem) => this.#tell(key, problem),
      onRetry: (key) => this.#retries.add(key),
    });
  }

  /** What there is, for metrics. */
  get load(): { readonly recorded: number; readonly unrecorded: number; readonly open: number } {
    return { recorded: this.#records.size, unrecorded: this.#held.size, open: this.#open.size };
  }

  /** Stands between a source of objects and the translation. */
  sink(target: ClaimTarget): ObjectTaker {
    this.#target = target;
    return divertRecords(target, {
      set: (name, record) => this.#setRecord(name, record),
      delete: (name) => this.#lostRecord(name),
    });
  }

  /** Takes what the API server holds of a record besides its spec; undefined: it is gone. Comes before the record itself. */
  observe(name: NamespacedName, version: RecordVersion | undefined): void {
    const known = this.#versions.get(name);
    if (version === undefined) this.#versions.delete(name);
    else if (known?.uid !== version.uid || !isOlder(version.resourceVersion, known.resourceVersion)) {
      this.#versions.set(name, version);
      const stored = this.#records.get(name);
      if (stored !== undefined) this.#look(stored.holding.key);
    }
  }

  wantsChanged(changes: ReadonlyMap<RecordKey, ClaimWant | undefined>): readonly Holding[] {
    for (const [key, want] of changes) {
      if (want === undefined) this.#wants.delete(key);
      else this.#wants.set(key, want);
      this.#refresh(key);
      this.#unsettled.add(key);
      this.#remember(key);
    }
    const isAtOnce = this.#absence.absent ? () => true : this.#options.wasServed;
    return this.#holdOpen(({ candidates }) => candidates.some(isAtOnce));
  }

  /** Everything that was handed over counts in the wants. */
  settled(): void {
    const keys = new Set([...this.#fresh, ...this.#recorded.keys(), ...this.#unsettled]);
    this.#isSettled = true;
    this.#fresh.clear();
    this.#recorded.clear();
    this.#unsettled.clear();
    for (const key of keys) this.#refresh(key);
    const isOtherwise = this.#hasWaiting || [...keys].some((key) => this.#open.has(key));
    if (isOtherwise || this.#isPlanDue) this.#plan();
    if (this.#leading) this.#writer.addAll([...keys].map((key) => [key, this.#laneOf(key)]));
  }

  /** Tells whether this replica leads. It may only begin to once everything was translated. */
  lead(isLeader: boolean): void {
    if (this.#leading === isLeader) return;
    this.#leading = isLeader;
    this.#choices = new Map();
    if (isLeader) {
      const keys = new Set([...this.#records.keys(), ...this.#held.keys()]);
      this.#writer.addAll([...keys].map((key) => [key, this.#laneOf(key)]));
      this.#plan();
      this.#absence.watch();
      return;
    }
    this.#absence.stop();
    this.#writer.clear();
    this.#retries.clear();
  }

  /** Writes nothing any more; resolves once no write is under way. */
  async stop(): Promise<void> {
    this.lead(false);
    this.#deadlines.clear();
    await this.#writer.idle();
  }

  /** Resolves once no write is under way. */
  idle(): Promise<void> {
    return this.#writer.idle();
  }

  #isSatisfied(stored: StoredRecord, want: ClaimWant): boolean {
    return want.candidates.some(({ namespace }) => namespace === stored.holding.namespace);
  }

  #refresh(key: RecordKey): void {
    const want = this.#wants.get(key);
    const stored = this.#records.of(key);
    const isOpen =
      want !== undefined &&
      !this.#fresh.has(key) &&
      !this.#isHeldBy(key, want) &&
      (stored === undefined || !this.#isSatisfied(stored, want));
    if (isOpen) this.#open.set(key, want);
    else this.#open.delete(key);
  }

  /** What is granted to others meanwhile is not held by whoever held it in memory. */
  #isHeldBy(key: RecordKey, { candidates }: ClaimWant): boolean {
    const held = this.#held.get(key);
    return held !== undefined && candidates.some(({ namespace }) => namespace === held.namespace);
  }

  /** Holds without a record what of the unsettled wants may be; what overlaps with it waits for the next pass. */
  #holdOpen(isWanted: (want: ClaimWant) => boolean): readonly Holding[] {
    const wants = [...this.#unsettled].flatMap((key) => this.#open.get(key) ?? []).filter(isWanted);
    if (wants.length === 0) return [];
    const { wasServed } = this.#options;
    const holdings = chooseHolders(wants, { wasServed }).map((choice) =>
      holdingOfChoice(choice, choice.candidate.createdAt),
    );
    for (const holding of holdings) {
      this.#held.set(holding.key, holding);
      this.#open.delete(holding.key);
      this.#choices.delete(holding.key);
    }
    return holdings;
  }

  /** Chooses anew what of the open wants is recorded now. */
  #plan(): void {
    this.#isPlanDue = !this.#isSettled || !this.#leading;
    if (this.#isPlanDue) return;
    const underWay = new Map([...this.#recorded, ...[...this.#choices].filter(([key]) => this.#writer.isBusy(key))]);
    const wants = [...this.#open.values()].filter(({ key }) => !underWay.has(key) && !this.#writer.isWaiting(key));
    const { wasServed } = this.#options;
    const chosen = chooseHolders(wants, { wasServed, underWay: underWay.values(), inTurn: true });
    this.#hasWaiting = chosen.length < wants.length;
    this.#choices = new Map([...underWay, ...chosen.map((choice) => [choice.want.key, choice] as const)]);
    for (const key of this.#recorded.keys()) this.#choices.delete(key);
    this.#writer.addAll(chosen.map(({ want, candidate }) => [want.key, candidate.namespace]));
    this.#absence.watch();
  }

  #laneOf(key: RecordKey): string {
    const holding = this.#held.get(key) ?? this.#records.of(key)?.holding;
    return holding?.namespace ?? this.#choices.get(key)?.candidate.namespace ?? "";
  }

  #look(key: RecordKey): void {
    if (this.#leading) this.#writer.addAll([[key, this.#laneOf(key)]]);
  }

  /** What there is to write about a key, by what is known now. */
  #taskOf(key: RecordKey): RecordTask | undefined {
    if (!this.#leading || !this.#isSettled || this.#absence.absent || this.#options.mayWrite?.() === false)
      return undefined;
    const stored = this.#records.of(key);
    const want = this.#wants.get(key);
    const holding = this.#holdingFor(key);
    if (stored === undefined) return holding && { kind: "create", holding, isHeld: this.#held.has(key) };
    if (this.#fresh.has(key)) return undefined;
    if (want === undefined) return this.#retire(stored);
    if (!this.#isSatisfied(stored, want)) return holding && { kind: "override", stored, holding };
    this.#deadlines.cancel(key);
    const isMarked = this.#versions.get(stored.name)?.unusedSince !== undefined;
    return isMarked ? { kind: "mark", stored, unusedSince: undefined } : undefined;
  }

  #holdingFor(key: RecordKey): Holding | undefined {
    const choice = this.#choices.get(key);
    const want = this.#wants.get(key);
    const held = this.#held.get(key);
    if (held !== undefined && (want === undefined || this.#isHeldBy(key, want))) return held;
    return choice && this.#open.has(key) ? holdingOfChoice(choice, wholeSeconds(this.#options.now())) : undefined;
  }

  #retire(stored: StoredRecord): RecordTask | undefined {
    const { now, retentionMs } = this.#options;
    const since = Date.parse(this.#versions.get(stored.name)?.unusedSince ?? "");
    if (Number.isNaN(since)) return { kind: "mark", stored, unusedSince: wholeSeconds(now()) };
    if (now().getTime() >= since + retentionMs) return { kind: "delete", stored };
    this.#deadlines.set(stored.holding.key, since + retentionMs);
    return undefined;
  }

  /** What is held in memory ends like a record, also on a replica whose leader never knew of it. */
  #remember(key: RecordKey): void {
    if (!this.#held.has(key)) return;
    if (this.#wants.has(key)) this.#deadlines.cancel(key);
    else this.#deadlines.set(key, this.#options.now().getTime() + this.#options.retentionMs);
  }

  #due(key: RecordKey): void {
    if (this.#records.of(key) !== undefined || this.#wants.has(key) || !this.#held.delete(key)) {
      this.#look(key);
      return;
    }
    this.#target?.delete("HostnameRecord", canonicalName(key));
    this.#options.changed();
  }

  #tookRecord(record: HostnameRecord, version: RecordVersion): void {
    const name = namespacedName(undefined, record.metadata.name);
    const choice = this.#choices.get(this.#setRecord(name, record));
    this.#versions.set(name, version);
    this.#absence.stored();
    if (choice !== undefined) {
      this.#recorded.set(choice.want.key, choice);
      this.#choices.delete(choice.want.key);
    }
    this.#options.changed();
  }

  #setRecord(name: NamespacedName, record: HostnameRecord): RecordKey {
    const before = this.#records.get(name);
    if (before !== undefined && before.holding.key !== holdingOf(record).key) this.#lostRecord(name);
    const stored = this.#records.set(name, record);
    const { key } = stored.holding;
    this.#fresh.add(key);
    this.#held.delete(key);
    this.#refresh(key);
    const counted = this.#records.of(key);
    if (counted !== undefined) this.#count(counted);
    this.#look(key);
    return key;
  }

  /** One record at a time counts for a thing: that of another name is taken back before. */
  #count({ name, record, holding }: StoredRecord): void {
    const before = this.#counted.get(holding.key);
    if (before !== undefined && before !== name) this.#target?.delete("HostnameRecord", before);
    this.#counted.set(holding.key, name);
    this.#target?.set("HostnameRecord", name, record);
  }

  #lostRecord(name: NamespacedName): void {
    this.#versions.delete(name);
    const stored = this.#records.delete(name);
    if (stored === undefined) return;
    const { key } = stored.holding;
    const next = this.#records.of(key);
    if (next !== undefined) this.#count(next);
    else {
      this.#counted.delete(key);
      this.#keepWithout(stored);
    }
    this.#unsettled.add(key);
    this.#refresh(key);
    this.#look(key);
    this.#options.changed();
  }

  /** What is still wanted stays held, and is recorded again. */
  #keepWithout({ name, holding }: StoredRecord): void {
    const { key, namespace } = holding;
    const isWanted = this.#wants.get(key)?.candidates.some((candidate) => candidate.namespace === namespace) ?? false;
    if (isWanted) this.#held.set(key, this.#held.get(key) ?? holding);
    const held = this.#held.get(key);
    if (held === holding && name === canonicalName(key)) return;
    this.#target?.delete("HostnameRecord", name);
    if (held !== undefined) this.#target?.hold(held);
  }

  #tell(key: RecordKey, problem: string | undefined): void {
    this.#target?.setClaimProblem(key, problem);
    this.#options.changed();
  }

  #becameAbsent(): void {
    this.#absence.refused();
    this.#unsettled = new Set(this.#open.keys());
    for (const holding of this.#holdOpen(() => true)) this.#target?.hold(holding);
    this.#options.changed();
    if (this.#leading) this.#absence.watch();
  }
}

function canonicalName(key: RecordKey): NamespacedName {
  return namespacedName(undefined, recordName(key));
}
