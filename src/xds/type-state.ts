import type { ResourceType, XdsResource } from "../core/xds-resource.ts";
import type { Gates, Outstanding } from "./ordering.ts";
import {
  type Batch,
  type ClientView,
  oldest,
  type Refusal,
  type ResponseStyle,
  removalsOf,
  type SentResource,
} from "./response-batch.ts";
import { Subscription, type SubscriptionChange } from "./subscription.ts";
import { UnclaimedNames } from "./unclaimed-names.ts";

/** The version of what a client holds in a state that nobody knows. It equals no content's version. */
const unknownVersion = "";

interface Removal {
  /** The generation that removed it. */
  readonly at: number;
  /** Since when what the client holds has been out of date: it may have been changed before it was removed. */
  readonly since: number;
}

/** Most bytes and resources of one response of a type that need not come whole. */
const maxBatchBytes = 4 * 1024 * 1024;
const maxBatchSize = 1000;

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
  readonly #upserts = new Map<string, number>();
  readonly #removals = new Map<string, Removal>();
  /** Names asked for that do not exist. */
  readonly #missing = new Set<string>();
  /** Names that are owed an answer whatever the client is believed to hold. */
  readonly #forced = new Set<string>();
  /** Resources in doubt: each is sent by itself. */
  readonly #alone = new Map<string, number>();
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
    const pending = this.#upserts.size + this.#alone.size;
    return pending === 0 && this.#inFlight?.kind !== "upserts" && this.#inFlight?.kind !== "empty" && !this.#owesFirst;
  }

  /** The version of the type's whole content, of which a partial response is a part. */
  get tableVersion(): string {
    return this.#view.version(this.type);
  }

  get hasRemovals(): boolean {
    return this.#removals.size > 0;
  }

  get hasUpserts(): boolean {
    return this.#upserts.size > 0 || this.#alone.size > 0;
  }

  /** Whether the client has some content under the name for sure, and will have it until it is told otherwise. */
  holds(name: string): boolean {
    if (this.#inFlight?.removals.has(name) === true) return false;
    const version = this.#known.get(name);
    return version !== undefined && version !== unknownVersion;
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
      this.#alone.set(name, 0);
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
    for (const pending of [this.#upserts, this.#removals, this.#missing]) pending.clear();
    if (!this.subscription.asked) return;
    this.#trustReportedVersion();
    const entries = this.#view.entries(this.type);
    const names = new Set([...this.#known.keys(), ...this.#alone.keys(), ...this.subscription.names, ...this.#forced]);
    if (this.subscription.wildcard) for (const name of entries.keys()) names.add(name);
    for (const name of names) this.#classify(name, 0);
    this.#unclaimed.reset();
  }

  /** Stops answering; what the client holds is remembered. */
  suspend(): void {
    this.#live = false;
    for (const pending of [this.#upserts, this.#removals, this.#missing]) pending.clear();
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

  /** Chooses what to send next, if anything may be sent. */
  next(gates: Gates): Batch | undefined {
    if (this.#inFlight !== undefined || !this.#live) return undefined;
    const lone = this.#nextAlone(gates);
    if (lone !== undefined) return lone;
    const answer = this.#missing.size > 0 ? removalsOf("answer", this.#missing) : undefined;
    if (answer !== undefined && this.#previousKind === "upserts") return answer;
    const removals = this.#nextRemovals(gates);
    if (removals !== undefined && this.#oldestRemoval() < oldest(this.#upserts.values())) return removals;
    const upserts = this.#nextUpserts(gates);
    if (upserts !== undefined) return upserts;
    if (this.#owesFirst && !this.hasUpserts) return { kind: "empty", upserts: new Map(), removals: new Set() };
    return answer ?? removals;
  }

  /** Notes that a response went out. */
  begin(batch: Batch, nonce: string): void {
    this.#inFlight = batch;
    this.#lastNonce = nonce;
    this.#previousKind = batch.kind;
    this.#owesFirst = false;
    this.#answered = true;
    for (const name of batch.upserts.keys()) {
      this.#upserts.delete(name);
      this.#forced.delete(name);
    }
    for (const name of batch.removals) {
      this.#removals.delete(name);
      this.#missing.delete(name);
      this.#forced.delete(name);
    }
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
      this.#alone.delete(resource.name);
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
      this.#alone.delete(resource.name);
      this.#known.set(resource.name, unknownVersion);
      onRefused(resource);
    }
    for (const name of refusal.doubtful) {
      this.#known.set(name, unknownVersion);
      this.#alone.set(name, batch.upserts.get(name)?.since ?? 0);
    }
    for (const { resource, since } of batch.upserts.values()) this.#reclassify([resource.name], since);
    this.#reclassify(batch.removals);
    return refusal;
  }

  /** The oldest generations that are not acknowledged. */
  outstanding(): Outstanding {
    const sent = this.#inFlight;
    const flying = Array.from(sent?.upserts.values() ?? [], ({ since }) => since);
    return {
      upserts: Math.min(oldest(this.#upserts.values()), oldest(this.#alone.values()), oldest(flying)),
      // What is being removed was allowed to be, by the generation that it had then; until it is gone it holds back all.
      removals: sent?.kind === "removals" ? 0 : oldest(Array.from(this.#removals.values(), ({ since }) => since)),
    };
  }

  /** When the oldest resource appeared that the client was not yet seen to hold. */
  oldestNew(): number {
    const entries = this.#view.entries(this.type);
    const created = (name: string) => (this.holds(name) ? Number.POSITIVE_INFINITY : (entries.get(name)?.created ?? 0));
    const flying = this.#inFlight?.upserts.keys() ?? [];
    return Math.min(
      ...[this.#upserts.keys(), this.#alone.keys(), flying].map((names) => oldest(Array.from(names, created))),
    );
  }

  /** When the oldest resource after `waived` appeared that the client should ask for and has not. */
  awaited(waived: number): number {
    return this.#unclaimed.oldestAfter(waived);
  }

  /** Decides anew what a name lacks. What the client holds may have been out of date longer than the table tells. */
  #classify(name: string, staleSince = Number.POSITIVE_INFINITY): void {
    const removal = this.#removals.get(name);
    const since = Math.min(this.#upserts.get(name) ?? staleSince, removal?.since ?? staleSince, staleSince);
    this.#upserts.delete(name);
    this.#removals.delete(name);
    this.#missing.delete(name);
    if (!this.subscription.includes(name)) {
      this.#forget(name);
      return;
    }
    const held = this.#known.get(name);
    const desired = this.#view.desired(this.type, name, held);
    if (desired.kind === "withheld") this.#alone.delete(name);
    else if (desired.kind === "absent") this.#classifyAbsent(name, since, removal?.at);
    else if (!this.#isUpToDate(name, desired.resource.version)) {
      const stale = held === undefined ? desired.created : Math.min(since, desired.changed);
      if (desired.suspect) this.#alone.set(name, stale);
      if (!this.#alone.has(name)) this.#upserts.set(name, stale);
    }
  }

  #classifyAbsent(name: string, since: number, removedAt: number | undefined): void {
    const stale = Math.min(since, this.#alone.get(name) ?? since);
    this.#alone.delete(name);
    if (this.#forced.has(name) && this.style === "delta") {
      this.#missing.add(name);
      return;
    }
    this.#forced.delete(name);
    const isSent = this.#inFlight?.upserts.has(name) === true;
    if (!this.#known.has(name) && !isSent) return;
    if (this.#unremovable.has(name) || this.#inFlight?.removals.has(name) === true) return;
    const at = removedAt ?? this.#view.generation();
    this.#removals.set(name, { at, since: Math.min(stale, at) });
  }

  #isUpToDate(name: string, version: string): boolean {
    if (this.#forced.has(name)) return false;
    const flying = this.#inFlight?.upserts.get(name);
    if (flying !== undefined) return flying.resource.version === version;
    if (this.#inFlight?.removals.has(name) === true) return false;
    return this.#known.get(name) === version;
  }

  #nextAlone(gates: Gates): Batch | undefined {
    for (const [name, since] of this.#alone) {
      const sent = this.#sendable(name, since, gates);
      return sent === undefined
        ? undefined
        : { kind: "upserts", upserts: new Map([[name, sent]]), removals: new Set() };
    }
    return undefined;
  }

  #nextUpserts(gates: Gates): Batch | undefined {
    const upserts = new Map<string, SentResource>();
    let bytes = 0;
    for (const [name, since] of this.#upserts) {
      const sent = this.#sendable(name, since, gates);
      if (sent === undefined) continue;
      upserts.set(name, sent);
      bytes += sent.resource.bytes.length;
      if (this.#mayCut() && (bytes >= maxBatchBytes || upserts.size >= maxBatchSize)) break;
    }
    const isWhole = upserts.size === this.#upserts.size;
    // A first complete answer that lacks something removes it from a client that reconnects.
    if (upserts.size === 0 || (this.style === "complete" && !this.#complete && !isWhole)) return undefined;
    return { kind: "upserts", upserts, removals: new Set() };
  }

  #nextRemovals(gates: Gates): Batch | undefined {
    if (this.#removals.size === 0) return undefined;
    const gate = gates.removals();
    const names = [...this.#removals].filter(([, { at }]) => at < gate).map(([name]) => name);
    if (this.style !== "partial") return names.length === 0 ? undefined : removalsOf("removals", names);
    // It cannot be told: the client drops by itself what nothing names any more.
    for (const name of names) {
      this.#removals.delete(name);
      this.#known.delete(name);
    }
    return undefined;
  }

  #oldestRemoval(): number {
    return oldest(Array.from(this.#removals.values(), ({ at }) => at));
  }

  #sendable(name: string, since: number, gates: Gates): SentResource | undefined {
    const desired = this.#view.desired(this.type, name, this.#known.get(name));
    if (desired.kind !== "resource") return undefined;
    const isNamed = this.subscription.names.has(name) || !this.#answered;
    const isWanted = this.#forced.has(name) || (isNamed && !this.#known.has(name));
    if (desired.changed >= (isWanted ? gates.wanted() : gates.upserts())) return undefined;
    return { resource: desired.resource, created: desired.created, since };
  }

  /** Names asked for one by one need not come together; what a wildcard's first answer lacks counts as absent. */
  #mayCut(): boolean {
    return this.style !== "complete" && !this.subscription.wildcard;
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
    if (this.style !== "complete" || !this.subscription.wildcard || this.#alone.size > 0) return;
    if (reported !== this.#view.version(this.type)) return;
    for (const { resource } of this.#view.entries(this.type).values()) this.#hold(resource);
    this.#complete = true;
    this.#owesFirst = false;
  }

  #forgetOutOfScope(): void {
    for (const names of [this.#known, this.#upserts, this.#alone, this.#missing]) {
      for (const name of [...names.keys()]) if (!this.subscription.includes(name)) this.#forget(name);
    }
  }

  #forget(name: string): void {
    if (this.subscription.includes(name)) return;
    this.#known.delete(name);
    this.#forms.delete(name);
    this.#forced.delete(name);
    this.#alone.delete(name);
    this.#unremovable.delete(name);
    this.#upserts.delete(name);
    this.#removals.delete(name);
    this.#missing.delete(name);
  }
}
