import type { ResourceType, XdsResource } from "../core/xds-resource.ts";
import { Backlog } from "./backlog.ts";
import { chooseBatch } from "./choose-batch.ts";
import { HeldContent, unknownVersion } from "./held-content.ts";
import { judge, judgeFirst } from "./judgement.ts";
import { KeptNames } from "./kept-names.ts";
import type { Gates, KeptTable, Outstanding } from "./ordering.ts";
import {
  type Batch,
  type ClientView,
  type Desired,
  oldest,
  type Refusal,
  type ResponseStyle,
  resourcesOf,
} from "./response-batch.ts";
import { Subscription, type SubscriptionChange } from "./subscription.ts";
import { UnclaimedNames } from "./unclaimed-names.ts";

/**
 * Keeps what one client wants, holds and lacks of one type. Every name that is out of date is in exactly one of the
 * pending sets, so a change costs what it touches and not what the client holds.
 */
export class TypeState {
  readonly type: ResourceType;
  readonly style: ResponseStyle;
  readonly subscription: Subscription;
  readonly #view: ClientView;
  readonly #held = new HeldContent();
  readonly #backlog = new Backlog();
  /** Names that are owed an answer whatever the client is believed to hold. */
  readonly #forced = new Set<string>();
  readonly #unremovable = new Set<string>();
  readonly #kept = new KeptNames();
  readonly #unclaimed: UnclaimedNames;
  #inFlight: Batch | undefined;
  #lastNonce: string | undefined;
  #previousKind: Batch["kind"] | undefined;
  #owesFirst = false;
  #answered = false;
  #complete = false;
  #live = false;
  #reportedVersion: string | undefined;
  #isReconnect = false;

  constructor(type: ResourceType, style: ResponseStyle, view: ClientView) {
    this.type = type;
    this.style = style;
    this.subscription = new Subscription(type);
    this.#view = view;
    this.#unclaimed = new UnclaimedNames(this.subscription, () => view.entries(type));
  }

  get lastNonce(): string | undefined {
    return this.#lastNonce;
  }

  /** Whether the client said that it held something of the type when the stream began. */
  get isReconnect(): boolean {
    return this.#isReconnect;
  }

  /** What is on its way. */
  get inFlight(): Batch | undefined {
    return this.#inFlight;
  }

  /** What the client acknowledged, as far as anybody knows. */
  get held(): HeldContent {
    return this.#held;
  }

  /** How many names something is kept about. */
  get size(): number {
    const others = [this.#forced, this.#unremovable, this.#kept, this.subscription.names];
    return others.reduce((sum, { size }) => sum + size, this.#held.size + this.#backlog.size);
  }

  /** Whether the client has (or was sent and refused for good) everything that it asked for. */
  get settled(): boolean {
    const kind = this.#inFlight?.kind;
    return !this.#backlog.hasUpserts && kind !== "upserts" && kind !== "empty" && !this.#owesFirst;
  }

  /** The version of the type's whole content, of which a partial response is a part. */
  get tableVersion(): string {
    return this.#view.version(this.type);
  }

  get hasRemovals(): boolean {
    return this.#backlog.removals.size > 0;
  }

  /** Whether the client has some content under the name for sure, and will have it until it is told otherwise. */
  holds(name: string): boolean {
    return this.#inFlight?.removals.has(name) !== true && this.#held.has(name);
  }

  /** Whether the client has some content under the name, and is owed no other answer than what changed since. */
  isAnswered(name: string): boolean {
    return this.holds(name) && !this.#forced.has(name);
  }

  /** Notes what a new stream's client says that it holds: versions by name (delta), or one of all (state of the world). */
  report(versions: ReadonlyMap<string, string>, version: string | undefined): void {
    this.#held.report(versions, (name, held) => this.#view.form(this.type, name, held));
    this.#reportedVersion = version;
    this.#isReconnect = versions.size > 0 || (version ?? "") !== "";
  }

  /** Notes resources whose state on this client is unknown since an earlier stream, in the groups that are tried. */
  doubt(groups: readonly (readonly string[])[]): void {
    for (const group of groups) {
      for (const name of group) this.#held.doubt(name, unknownVersion);
      // Without the others a complete answer would remove them; there they all go together.
      if (this.style !== "complete") this.#backlog.doubt(new Map(group.map((name) => [name, 0])));
    }
  }

  /** What is in doubt, for the streams that this client opens later. */
  doubts(): readonly (readonly string[])[] {
    const groups = this.#backlog.doubts.groups();
    const others = this.#held.unsure().filter((name) => !this.#backlog.doubts.has(name));
    return others.length === 0 ? groups : [...groups, others];
  }

  /** Takes over a change of the subscription. */
  subscribe(change: SubscriptionChange, isFirst: boolean): void {
    for (const name of change.dropped) this.#forget(name);
    if (change.wildcard === "ended" || isFirst) this.#forgetOutOfScope();
    for (const name of change.answer) if (!isFirst || this.#held.version(name) === undefined) this.#forced.add(name);
    const begins = change.wildcard === "began" || (this.style === "complete" && change.answer.length > 0 && isFirst);
    if (begins && this.#held.size === 0) this.#owesFirst = true;
    if (!this.#live) return;
    if (isFirst || change.wildcard === "began") {
      this.resync();
      return;
    }
    for (const name of change.answer) this.#classify(name);
    this.#unclaimed.update([...change.answer, ...change.dropped]);
  }

  /** Compares everything with the table: at the start, and when the Gateway (re)appears. */
  resync(): void {
    this.#live = true;
    this.#backlog.clear();
    this.#kept.clear();
    if (!this.subscription.asked) return;
    this.#trustReportedVersion();
    const names = new Set([
      ...this.#held.names(),
      ...(this.#inFlight?.upserts.keys() ?? []),
      ...this.#backlog.doubts.names(),
      ...this.subscription.names,
      ...this.#forced,
    ]);
    if (this.subscription.wildcard) for (const name of this.#view.entries(this.type).keys()) names.add(name);
    for (const name of names) this.#classify(name, 0);
    this.#unclaimed.reset();
  }

  /** Stops answering; what the client holds is remembered. */
  suspend(): void {
    this.#live = false;
    this.#backlog.clear();
  }

  /** Takes over names that changed in the table. */
  refresh(names: Iterable<string>): void {
    if (!this.#live || !this.subscription.asked) return;
    for (const name of names) {
      this.#unremovable.delete(name);
      this.#classify(name);
      this.#unclaimed.update([name]);
    }
  }

  /** Has a name answered again although nothing changed. */
  force(name: string): void {
    if (!this.subscription.includes(name)) return;
    this.#forced.add(name);
    this.#classify(name);
  }

  /** Believes removals that cannot be told: the client drops by itself what nothing names any more. */
  believeRemoved(names: Iterable<string>): void {
    for (const name of names) {
      this.#backlog.removals.delete(name);
      this.#held.drop(name);
      this.#kept.release(name);
    }
  }

  /** What the client should have under a name. */
  desired(name: string): Desired {
    return this.#view.desired(this.type, name, this.#held.version(name));
  }

  /** Chooses what to send next, if anything may be sent. */
  next(gates: Gates): Batch | undefined {
    if (this.#inFlight !== undefined || !this.#live) return undefined;
    return chooseBatch(this.#backlog, gates, {
      desired: (name) => this.#lacked(name),
      isWanted: (name) => this.#isWanted(name),
      mayCut: this.style !== "complete" && !this.subscription.wildcard,
      mustBeWhole: this.style === "complete" && !this.#complete,
      owesFirst: this.#owesFirst,
      isEmpty: this.#view.entries(this.type).size === 0,
      previousKind: this.#previousKind,
    });
  }

  /** Notes that a response went out. */
  begin(batch: Batch, nonce: string): void {
    this.#inFlight = batch;
    this.#lastNonce = nonce;
    this.#previousKind = batch.kind;
    this.#owesFirst = false;
    this.#answered = true;
    this.#backlog.begin(batch);
    for (const name of [...batch.upserts.keys(), ...batch.removals]) this.#forced.delete(name);
  }

  /** What a response tells the content of: in the state of the world all that the client is to have. */
  contentOf(batch: Batch): readonly XdsResource[] {
    return this.style === "complete" ? this.#held.completed(batch) : resourcesOf(batch);
  }

  /** Takes over the acknowledgement of what is in flight; `tell` is told before anything is decided anew. */
  acknowledge(tell: (batch: Batch) => void): void {
    const batch = this.#inFlight;
    if (batch === undefined) return;
    this.#inFlight = undefined;
    this.#complete = true;
    for (const { resource } of batch.upserts.values()) {
      this.#backlog.settle(resource.name);
      this.#hold(resource);
    }
    for (const name of batch.removals) this.#held.drop(name);
    tell(batch);
    this.#reclassify(batch.upserts.keys());
    this.#reclassify(batch.removals);
  }

  /** Takes over the refusal of what is in flight; `refuse` is told what is bad for sure before anything is decided anew. */
  refuse(words: string, onRefused: (resource: XdsResource) => void): Refusal | undefined {
    const batch = this.#inFlight;
    if (batch === undefined) return undefined;
    this.#inFlight = undefined;
    for (const name of batch.removals) this.#unremovable.add(name);
    const refusal = this.#judge(batch, words);
    for (const resource of refusal.refused) {
      this.#held.refuse(resource);
      onRefused(resource);
    }
    for (const { resource, since } of batch.upserts.values()) this.#reclassify([resource.name], since);
    this.#reclassify(batch.removals);
    return refusal;
  }

  /** The oldest generations that are not acknowledged; `counts` leaves names out that are not under way. */
  outstanding(counts?: (name: string) => boolean): Outstanding {
    return this.#backlog.outstanding(this.#inFlight, counts);
  }

  /** What the client goes on using because what is newer was refused, or is blocked. */
  keptTables(isBlocked: (name: string) => boolean): readonly KeptTable[] {
    return this.#kept.tables(this.#held, this.#backlog, isBlocked);
  }

  /** Names of which the client does not have what it should, those that it refused among them. */
  lacking(): Iterable<string> {
    return [...this.underWay(() => false), ...this.#kept.withheld];
  }

  /** When the oldest resource appeared that is not acknowledged, of those whose present form the client cannot use. */
  oldestUnusable(isUsable: (name: string) => boolean): number {
    return oldest(this.underWay(isUsable).map((name) => this.#view.entries(this.type).get(name)?.created ?? 0));
  }

  /** Names of which something is to be sent or on its way, and whose present form the client cannot use. */
  underWay(isUsable: (name: string) => boolean): readonly string[] {
    return [...this.#backlog.pending(), ...(this.#inFlight?.upserts.keys() ?? [])].filter((name) => !isUsable(name));
  }

  /** When the oldest resource after `waived` appeared that the client should ask for and has not. */
  awaited(waived: number, counts?: (name: string) => boolean): number {
    return this.#unclaimed.oldestAfter(waived, counts);
  }

  /** Decides anew what a name lacks. What the client holds may have been out of date longer than the table tells. */
  #classify(name: string, staleSince = Number.POSITIVE_INFINITY): void {
    const { since: known, removedAt } = this.#backlog.take(name);
    const since = Math.min(known, staleSince);
    if (!this.subscription.includes(name)) {
      this.#forget(name);
      return;
    }
    this.#kept.hasContent(name);
    const held = this.#held.version(name);
    const desired = this.desired(name);
    if (desired.kind === "absent") {
      this.#classifyAbsent(name, Math.min(since, this.#kept.since(name)), removedAt);
      return;
    }
    const kept = Math.min(since, desired.changed, this.#kept.since(name));
    if (desired.kind === "withheld") {
      this.#backlog.settle(name);
      this.#kept.keep(name, kept, this.#held);
    } else if (!this.#isUpToDate(name, desired.resource.version)) {
      const hasNothing = held === undefined && this.#inFlight?.upserts.has(name) !== true;
      const stale = hasNothing ? desired.created : kept;
      if (desired.isTrial) this.#backlog.doubt(new Map([[name, stale]]));
      if (!this.#backlog.doubts.has(name)) this.#backlog.upserts.set(name, stale);
      if (desired.isKept) this.#kept.keep(name, kept, this.#held);
    } else if (desired.isKept) this.#kept.keep(name, kept, this.#held);
    else if (this.#inFlight?.upserts.has(name) !== true) this.#kept.release(name);
  }

  #classifyAbsent(name: string, since: number, removedAt: number | undefined): void {
    const stale = Math.min(since, this.#backlog.since(name) ?? since);
    this.#backlog.settle(name);
    const isHeld = this.#held.version(name) !== undefined || this.#inFlight?.upserts.has(name) === true;
    const isOwed = this.#forced.has(name) && this.style === "delta";
    // A cluster may wait for the answer, so it does not wait for its turn. Envoy keeps what it uses.
    if (isOwed && (!isHeld || this.type === "endpoint" || this.type === "secret")) {
      this.#backlog.missing.add(name);
      return;
    }
    this.#forced.delete(name);
    if (!isHeld) this.#kept.release(name);
    if (!isHeld || this.#unremovable.has(name) || this.#inFlight?.removals.has(name) === true) return;
    const at = removedAt ?? this.#view.generation();
    this.#backlog.removals.set(name, { at, since: Math.min(stale, at) });
  }

  /** What a name lacks; what was refused meanwhile it may lack no longer. */
  #lacked(name: string): Desired {
    const desired = this.desired(name);
    if (desired.kind !== "resource" || !this.#isUpToDate(name, desired.resource.version)) return desired;
    return { kind: "withheld", changed: desired.changed };
  }

  #isUpToDate(name: string, version: string): boolean {
    if (this.#forced.has(name)) return false;
    const flying = this.#inFlight?.upserts.get(name);
    if (flying !== undefined) return flying.resource.version === version;
    if (this.#inFlight?.removals.has(name) === true) return false;
    return this.#held.version(name) === version;
  }

  #isWanted(name: string): boolean {
    const isNamed = this.subscription.names.has(name) || !this.#answered;
    return this.#forced.has(name) || (isNamed && this.#held.version(name) === undefined);
  }

  #judge(batch: Batch, words: string): Refusal {
    const response = { type: this.type, batch, words, held: this.#held, backlog: this.#backlog };
    if (this.style !== "complete" || this.#complete || batch.upserts.size <= 1) return judge(response);
    const { taken, ...refusal } = judgeFirst(response);
    for (const resource of taken) this.#hold(resource);
    this.#complete = taken.length > 0;
    return refusal;
  }

  #hold(resource: XdsResource): void {
    if (!this.subscription.includes(resource.name)) return;
    this.#held.acknowledge(resource);
    this.#kept.hasContent(resource.name);
  }

  #reclassify(names: Iterable<string>, staleSince?: number): void {
    if (!this.#live) return;
    for (const name of names) this.#classify(name, staleSince);
  }

  #trustReportedVersion(): void {
    const reported = this.#reportedVersion;
    this.#reportedVersion = undefined;
    if (this.style !== "complete" || !this.subscription.wildcard || this.#held.size > 0) return;
    if (reported !== this.#view.version(this.type)) return;
    for (const { resource } of this.#view.entries(this.type).values()) this.#hold(resource);
    this.#complete = true;
    this.#owesFirst = false;
  }

  #forgetOutOfScope(): void {
    const known = [this.#held.names(), this.#backlog.pending(), this.#backlog.missing];
    for (const names of known) for (const name of [...names]) this.#forget(name);
  }

  #forget(name: string): void {
    if (this.subscription.includes(name)) return;
    this.#held.drop(name);
    for (const names of [this.#forced, this.#unremovable]) names.delete(name);
    this.#kept.release(name);
    this.#backlog.forget(name);
  }
}
