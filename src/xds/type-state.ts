import type { ResourceType, XdsResource } from "../core/xds-resource.ts";
import { Backlog } from "./backlog.ts";
import { chooseBatch } from "./choose-batch.ts";
import type { Gates, Outstanding } from "./ordering.ts";
import { type Batch, type ClientView, oldest, type Refusal, type ResponseStyle } from "./response-batch.ts";
import { Subscription, type SubscriptionChange } from "./subscription.ts";
import { UnclaimedNames } from "./unclaimed-names.ts";

/** The version of what a client holds in a state that nobody knows. It equals no content's version. */
const unknownVersion = "";

/**
 * Keeps what one client wants, holds and lacks of one type. Every name that is out of date is in exactly one of the
 * pending sets, so a change costs what it touches and not what the client holds.
 */
export class TypeState {
  readonly type: ResourceType;
  readonly style: ResponseStyle;
  readonly subscription: Subscription;
  readonly #view: ClientView;
  /** Versions that the client acknowledged or reported. */
  readonly #known = new Map<string, string>();
  /** What the client acknowledged, kept where a response must repeat it. */
  readonly #forms = new Map<string, XdsResource>();
  readonly #backlog = new Backlog();
  /** Names that are owed an answer whatever the client is believed to hold. */
  readonly #forced = new Set<string>();
  readonly #unremovable = new Set<string>();
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

  get inFlight(): boolean {
    return this.#inFlight !== undefined;
  }

  /** Versions that the client acknowledged, by name. */
  get known(): ReadonlyMap<string, string> {
    return this.#known;
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
    if (this.#inFlight?.removals.has(name) === true) return false;
    const version = this.#known.get(name);
    return version !== undefined && version !== unknownVersion;
  }

  /** Whether the client holds what it should have under the name. */
  isUpToDate(name: string): boolean {
    return this.holds(name) && !this.#backlog.upserts.has(name) && !this.#backlog.alone.has(name);
  }

  /** Notes what a new stream's client says that it holds: versions by name (delta), or one of all (state of the world). */
  report(versions: ReadonlyMap<string, string>, version: string | undefined): void {
    for (const [name, held] of versions) this.#known.set(name, held);
    this.#reportedVersion = version;
    this.#isReconnect = versions.size > 0 || (version ?? "") !== "";
  }

  /** Notes resources whose state on this client is unknown since an earlier stream. */
  doubt(names: Iterable<string>): void {
    for (const name of names) {
      this.#known.set(name, unknownVersion);
      // Alone in a complete answer it would remove all others; there it goes with them.
      if (this.style !== "complete") this.#backlog.alone.set(name, 0);
    }
  }

  /** Takes over a change of the subscription. */
  subscribe(change: SubscriptionChange, isFirst: boolean): void {
    for (const name of change.dropped) this.#forget(name);
    if (change.wildcard === "ended" || isFirst) this.#forgetOutOfScope();
    for (const name of change.answer) if (!isFirst || !this.#known.has(name)) this.#forced.add(name);
    const begins = change.wildcard === "began" || (this.style === "complete" && change.answer.length > 0 && isFirst);
    if (begins && this.#known.size === 0) this.#owesFirst = true;
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
    if (!this.subscription.asked) return;
    this.#trustReportedVersion();
    const entries = this.#view.entries(this.type);
    const names = new Set([
      ...this.#known.keys(),
      ...this.#backlog.alone.keys(),
      ...this.subscription.names,
      ...this.#forced,
    ]);
    if (this.subscription.wildcard) for (const name of entries.keys()) names.add(name);
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
      this.#known.delete(name);
    }
  }

  /** Chooses what to send next, if anything may be sent. */
  next(gates: Gates): Batch | undefined {
    if (this.#inFlight !== undefined || !this.#live) return undefined;
    return chooseBatch(this.#backlog, gates, {
      desired: (name) => this.#view.desired(this.type, name, this.#known.get(name)),
      isWanted: (name) => this.#isWanted(name),
      mayCut: this.style !== "complete" && !this.subscription.wildcard,
      mustBeWhole: this.style === "complete" && !this.#complete,
      owesFirst: this.#owesFirst,
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

  /** What a complete response lists: what the client acknowledged, with the batch applied to it. */
  completed(batch: Batch): readonly XdsResource[] {
    const forms = new Map(this.#forms);
    for (const [name, { resource }] of batch.upserts) forms.set(name, resource);
    for (const name of batch.removals) forms.delete(name);
    return [...forms.values()];
  }

  /** Takes over the acknowledgement of what is in flight; returns it. */
  acknowledge(): Batch | undefined {
    const batch = this.#inFlight;
    if (batch === undefined) return undefined;
    this.#inFlight = undefined;
    this.#complete = true;
    for (const { resource } of batch.upserts.values()) {
      this.#backlog.alone.delete(resource.name);
      this.#hold(resource);
    }
    for (const name of batch.removals) {
      this.#known.delete(name);
      this.#forms.delete(name);
    }
    this.#reclassify(batch.upserts.keys());
    this.#reclassify(batch.removals);
    return batch;
  }

  /** Takes over the refusal of what is in flight; `refuse` is told what is bad for sure before anything is decided anew. */
  refuse(words: string, onRefused: (resource: XdsResource) => void): Refusal | undefined {
    const batch = this.#inFlight;
    if (batch === undefined) return undefined;
    this.#inFlight = undefined;
    for (const name of batch.removals) this.#unremovable.add(name);
    const refusal = this.#judge(batch, words);
    for (const resource of refusal.refused) {
      this.#backlog.alone.delete(resource.name);
      this.#known.set(resource.name, unknownVersion);
      onRefused(resource);
    }
    for (const name of refusal.doubtful) {
      this.#known.set(name, unknownVersion);
      this.#backlog.alone.set(name, batch.upserts.get(name)?.since ?? 0);
    }
    for (const { resource, since } of batch.upserts.values()) this.#reclassify([resource.name], since);
    this.#reclassify(batch.removals);
    return refusal;
  }

  /** The oldest generations that are not acknowledged. */
  outstanding(): Outstanding {
    return this.#backlog.outstanding(this.#inFlight);
  }

  /** When the oldest resource appeared that is not acknowledged and that the client cannot use in its present form. */
  oldestUnusable(isUsable: (name: string) => boolean): number {
    const entries = this.#view.entries(this.type);
    const created = (name: string) => (isUsable(name) ? Number.POSITIVE_INFINITY : (entries.get(name)?.created ?? 0));
    const flying = this.#inFlight?.upserts.keys() ?? [];
    return Math.min(
      ...[this.#backlog.upserts.keys(), this.#backlog.alone.keys(), flying].map((names) =>
        oldest(Array.from(names, created)),
      ),
    );
  }

  /** When the oldest resource after `waived` appeared that the client should ask for and has not. */
  awaited(waived: number): number {
    return this.#unclaimed.oldestAfter(waived);
  }

  /** Decides anew what a name lacks. What the client holds may have been out of date longer than the table tells. */
  #classify(name: string, staleSince = Number.POSITIVE_INFINITY): void {
    const { since: known, removedAt } = this.#backlog.take(name);
    const since = Math.min(known, staleSince);
    if (!this.subscription.includes(name)) {
      this.#forget(name);
      return;
    }
    const held = this.#known.get(name);
    const desired = this.#view.desired(this.type, name, held);
    if (desired.kind === "withheld") this.#backlog.alone.delete(name);
    else if (desired.kind === "absent") this.#classifyAbsent(name, since, removedAt);
    else if (!this.#isUpToDate(name, desired.resource.version)) {
      const hasNothing = held === undefined && this.#inFlight?.upserts.has(name) !== true;
      const stale = hasNothing ? desired.created : Math.min(since, desired.changed);
      if (desired.suspect) this.#backlog.alone.set(name, stale);
      if (!this.#backlog.alone.has(name)) this.#backlog.upserts.set(name, stale);
    }
  }

  #classifyAbsent(name: string, since: number, removedAt: number | undefined): void {
    const stale = Math.min(since, this.#backlog.alone.get(name) ?? since);
    this.#backlog.alone.delete(name);
    const isHeld = this.#known.has(name) || this.#inFlight?.upserts.has(name) === true;
    const isOwed = this.#forced.has(name) && this.style === "delta";
    // A cluster may wait for the answer, so it does not wait for its turn. Envoy keeps what it uses.
    if (isOwed && (!isHeld || this.type === "endpoint" || this.type === "secret")) {
      this.#backlog.missing.add(name);
      return;
    }
    this.#forced.delete(name);
    if (!isHeld) return;
    if (this.#unremovable.has(name) || this.#inFlight?.removals.has(name) === true) return;
    const at = removedAt ?? this.#view.generation();
    this.#backlog.removals.set(name, { at, since: Math.min(stale, at) });
  }

  #isUpToDate(name: string, version: string): boolean {
    if (this.#forced.has(name)) return false;
    const flying = this.#inFlight?.upserts.get(name);
    if (flying !== undefined) return flying.resource.version === version;
    if (this.#inFlight?.removals.has(name) === true) return false;
    return this.#known.get(name) === version;
  }

  #isWanted(name: string): boolean {
    const isNamed = this.subscription.names.has(name) || !this.#answered;
    return this.#forced.has(name) || (isNamed && !this.#known.has(name));
  }

  #judge(batch: Batch, words: string): Refusal {
    const resources = Array.from(batch.upserts.values(), ({ resource }) => resource);
    if (resources.length === 1) return { refused: resources, doubtful: [] };
    if (this.style !== "complete" || this.#complete) {
      return { refused: [], doubtful: resources.map(({ name }) => name) };
    }
    // Nothing acknowledged to fall back to, and leaving good resources out would remove them. Envoy has applied the
    // good ones; only those that it names are left out.
    const refused = resources.filter(({ name }) => words.includes(name));
    for (const resource of resources) if (!refused.includes(resource)) this.#hold(resource);
    this.#complete = true;
    return { refused, doubtful: [] };
  }

  #hold(resource: XdsResource): void {
    if (!this.subscription.includes(resource.name)) return;
    this.#known.set(resource.name, resource.version);
    if (this.style === "complete") this.#forms.set(resource.name, resource);
  }

  #reclassify(names: Iterable<string>, staleSince?: number): void {
    if (!this.#live) return;
    for (const name of names) this.#classify(name, staleSince);
  }

  #trustReportedVersion(): void {
    const reported = this.#reportedVersion;
    this.#reportedVersion = undefined;
    if (this.style !== "complete" || !this.subscription.wildcard || this.#known.size > 0) return;
    if (reported !== this.#view.version(this.type)) return;
    for (const { resource } of this.#view.entries(this.type).values()) this.#hold(resource);
    this.#complete = true;
    this.#owesFirst = false;
  }

  #forgetOutOfScope(): void {
    const { upserts, alone, missing } = this.#backlog;
    for (const names of [this.#known, upserts, alone, missing]) {
      for (const name of [...names.keys()]) if (!this.subscription.includes(name)) this.#forget(name);
    }
  }

  #forget(name: string): void {
    if (this.subscription.includes(name)) return;
    this.#known.delete(name);
    this.#forms.delete(name);
    this.#forced.delete(name);
    this.#unremovable.delete(name);
    this.#backlog.forget(name);
  }
}
