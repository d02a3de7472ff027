import { isDeepStrictEqual } from "node:util";
import type { NamespacedName } from "../core/keys.ts";
import { type ResourceType, resourceTypeOf, resourceTypes, type XdsResource } from "../core/xds-resource.ts";
import type { ClientNode } from "./codec.ts";
import { cleanWords, type FleetMemory } from "./fleet-memory.ts";
import { gatesOf, type Progress } from "./ordering.ts";
import type { ChangedNames } from "./resource-table.ts";
import type { Batch, ClientView, Desired } from "./response-batch.ts";
import type { EndReason, Outlet, StreamOptions, StreamRequest, Variant } from "./stream-options.ts";
import type { StreamReport, TypeReport } from "./stream-report.ts";
import { TypeState } from "./type-state.ts";
import { WarmingClusters } from "./warming.ts";

interface TypeNotes {
  sentVersion?: string;
  sentAt?: number;
  lastNack?: { readonly time: number; readonly text: string; readonly resources: readonly string[] };
}

/** Serves one client: keeps what it holds in step with the table, in an order that breaks nothing. */
export class AdsStream<R extends StreamRequest> {
  readonly #variant: Variant<R>;
  readonly #outlet: Outlet;
  readonly #options: StreamOptions;
  readonly #since: number;
  readonly #types = new Map<ResourceType, TypeState>();
  readonly #notes = new Map<ResourceType, TypeNotes>();
  readonly #refusedHere = new Set<string>();
  readonly #warming = new WarmingClusters(() => ({
    clusters: this.#typeState("cluster"),
    endpoints: this.#typeState("endpoint"),
    hasEndpoints: (cluster) => this.#view.entries("endpoint").has(cluster),
  }));
  #node: ClientNode | undefined;
  #gateway: NamespacedName | undefined;
  #memory: FleetMemory | undefined;
  #stopListening: (() => void) | undefined;
  #patience: NodeJS.Timeout | undefined;
  #waived = -1;
  #nonces = 0;
  #isWriting = false;
  #isServing = false;
  #isClosed = false;
  #isReady = false;

  constructor(variant: Variant<R>, outlet: Outlet, options: StreamOptions) {
    this.#variant = variant;
    this.#outlet = outlet;
    this.#options = options;
    this.#since = options.clock();
    options.metrics.streamOpened();
  }

  /** The Gateway whose proxy this is; undefined until it has said so. */
  get gateway(): NamespacedName | undefined {
    return this.#gateway;
  }

  /** Whether every type's first answer has been acknowledged. */
  get firstConfigAcknowledged(): boolean {
    return this.#isReady;
  }

  /** Versions of the listeners that the client acknowledged. */
  get listeners(): ReadonlyMap<string, string> {
    return this.#types.get("listener")?.known ?? new Map();
  }

  /** The version of a resource that the client acknowledged; undefined where it has none. */
  held(type: ResourceType, name: string): string | undefined {
    return this.#types.get(type)?.known.get(name);
  }

  /** Takes over one request, still encoded. */
  receive(bytes: Uint8Array): void {
    this.#guard(() => this.#receive(bytes));
  }

  /** Ends the stream from our side. */
  end(reason: EndReason, message: string): void {
    if (this.#isClosed) return;
    this.#options.log.info({ stream: this.#options.id, gateway: this.#gateway, reason, message }, "stream ended");
    this.close();
    this.#outlet.end(reason, message);
  }

  /** Lets go of everything once the stream is over, whoever ended it. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopListening?.();
    clearTimeout(this.#patience);
    this.#options.metrics.streamClosed();
    if (this.#gateway !== undefined) this.#options.onProgress(this.#gateway);
  }

  /** What the debug page tells about it. */
  report(): StreamReport {
    const states = [...this.#types.values()].filter(({ subscription }) => subscription.asked);
    return {
      id: this.#options.id,
      gateway: this.#gateway,
      nodeId: this.#node?.id,
      cluster: this.#node?.cluster,
      envoyVersion: this.#node?.version,
      transport: this.#variant.transport,
      connectedSince: this.#since,
      firstConfigAcknowledged: this.#isReady,
      types: states.map((state) => this.#reportType(state)),
    };
  }

  #reportType(state: TypeState): TypeReport {
    return {
      type: state.type,
      wildcard: state.subscription.wildcard,
      names: state.subscription.names.size,
      acknowledged: state.known.size,
      inFlight: state.inFlight,
      ...this.#notes.get(state.type),
    };
  }

  /** A fault of ours in one stream ends that stream, and leaves the others and the process alone. */
  #guard(act: () => void): void {
    if (this.#isClosed) return;
    try {
      act();
    } catch (error) {
      this.#options.log.error({ stream: this.#options.id, gateway: this.#gateway, err: error }, "a stream failed");
      this.end("internal", "internal error");
    }
  }

  #receive(bytes: Uint8Array): void {
    let request: R;
    try {
      request = this.#variant.decode(bytes);
    } catch {
      // What exactly is malformed helps nobody but an attacker.
      this.end("invalid-argument", "the request cannot be decoded");
      return;
    }
    if (!this.#identify(request.node)) return;
    if (request.typeUrl === "") {
      this.end("invalid-argument", "an aggregated stream needs a type_url in every request");
      return;
    }
    const type = resourceTypeOf(request.typeUrl);
    if (type === undefined) return;
    this.#handle(this.#typeState(type), request);
    this.#pump();
  }

  /** Pins the node of the first request; returns false when the stream was ended. */
  #identify(node: ClientNode | undefined): boolean {
    if (this.#node !== undefined) {
      if (node === undefined || isSameNode(node, this.#node)) return true;
      this.end("invalid-argument", "the node must not change within a stream");
      return false;
    }
    if (node === undefined || node.id === "") {
      this.end("invalid-argument", "the first request needs a node with an id");
      return false;
    }
    const admission = this.#options.admit(node);
    if (admission.kind === "refused") {
      this.end("permission-denied", admission.message);
      return false;
    }
    this.#node = node;
    this.#join(admission.gateway, node);
    return true;
  }

  #join(gateway: NamespacedName, node: ClientNode): void {
    const { table, log, id, memoryOf, onProgress } = this.#options;
    this.#gateway = gateway;
    this.#memory = memoryOf(gateway);
    this.#isServing = table.serves(gateway);
    this.#stopListening = table.onChange(gateway, (changed) => this.#guard(() => this.#onChange(gateway, changed)));
    const fields = { stream: id, gateway, node: node.id, envoy: node.version, transport: this.#variant.transport };
    if (table.knows(gateway)) log.info(fields, "proxy connected");
    else log.warn(fields, "proxy of an unknown Gateway connected: it is answered once the Gateway exists");
    onProgress(gateway);
  }

  #handle(state: TypeState, request: R): void {
    if (!state.subscription.asked) {
      // On a new stream the nonce of an old one says nothing.
      state.doubt(this.#memory?.doubts(this.#node?.id ?? "", state.type) ?? []);
      this.#variant.subscribe(state, request, "first");
    } else {
      const isCurrent = state.lastNonce === undefined || request.nonce === state.lastNonce;
      // What the response holds counts for the names that the same request asks for.
      this.#variant.subscribe(state, request, isCurrent ? "current" : "stale");
      if (isCurrent) this.#onAnswer(state, request.error);
    }
    if (state.type === "endpoint") this.#warming.onSubscribed();
  }

  #onAnswer(state: TypeState, error: string | undefined): void {
    if (!state.inFlight) return;
    if (error === undefined) this.#onAcknowledged(state);
    else this.#onRefused(state, error);
  }

  #onAcknowledged(state: TypeState): void {
    const batch = state.acknowledge();
    if (batch === undefined) return;
    const names = [...batch.upserts.keys(), ...batch.removals];
    this.#memory?.settle(this.#node?.id ?? "", state.type, names);
    this.#warming.onAcknowledged(state, batch);
    if (state.type === "listener") this.#progressed();
  }

  #onRefused(state: TypeState, error: string): void {
    const { id, clock, log, metrics } = this.#options;
    const text = cleanWords(error);
    const refusal = state.refuse(error, (resource) => {
      this.#refusedHere.add(contentKey(resource));
      this.#memory?.refuse(resource, text);
    });
    if (refusal === undefined) return;
    const refused = refusal.refused.map(({ name }) => name);
    const resources = [...refused, ...refusal.doubtful];
    this.#memory?.doubt(this.#node?.id ?? "", state.type, resources);
    if (state.type === "endpoint" || state.type === "cluster") for (const name of refused) this.#warming.forget(name);
    this.#note(state.type).lastNack = { time: clock(), text, resources };
    metrics.nack(state.type);
    const fields = { stream: id, gateway: this.#gateway, node: this.#node?.id, type: state.type, refused };
    log.warn({ ...fields, doubtful: refusal.doubtful.length, error: text }, "proxy refused a response");
    this.#progressed();
  }

  #onChange(gateway: NamespacedName, changed: ChangedNames): void {
    const serves = this.#options.table.serves(gateway);
    if (serves !== this.#isServing) {
      this.#isServing = serves;
      for (const state of this.#types.values()) serves ? state.resync() : state.suspend();
    } else if (serves) {
      for (const [type, names] of changed) this.#refresh(type, names);
    }
    this.#pump();
  }

  #refresh(type: ResourceType, names: ReadonlySet<string>): void {
    const { table } = this.#options;
    for (const name of names) {
      const isGone = this.#gateway === undefined || table.entry(this.#gateway, type, name) === undefined;
      if (!isGone) continue;
      this.#memory?.settle(this.#node?.id ?? "", type, [name]);
      if (type === "cluster" || type === "endpoint") this.#warming.forget(name);
    }
    this.#types.get(type)?.refresh(names);
  }

  /** Sends what may be sent; called again when the message has left, and with every request and change. */
  #pump(): void {
    if (this.#isWriting || !this.#isServing) return;
    for (const type of resourceTypes) {
      const state = this.#types.get(type);
      const batch = state?.next(gatesOf(type, this.#progress));
      if (state === undefined || batch === undefined) continue;
      if (batch.kind === "removals" && state.style === "partial") {
        state.believeRemoved(batch.removals);
        this.#pump();
      } else this.#send(state, batch);
      return;
    }
    this.#beReady();
    this.#bePatient();
  }

  #send(state: TypeState, batch: Batch): void {
    const { id, clock, metrics } = this.#options;
    this.#nonces += 1;
    const nonce = `${id}-${this.#nonces}`;
    if (state.type === "cluster") this.#warming.onClusters(batch);
    state.begin(batch, nonce);
    const { message, version } = this.#variant.encode({ state, batch, nonce });
    const note = this.#note(state.type);
    note.sentAt = clock();
    if (version !== undefined) note.sentVersion = version;
    metrics.responseSent(state.type, message.length);
    this.#isWriting = true;
    this.#outlet.write(message, () => {
      this.#isWriting = false;
      this.#guard(() => this.#pump());
    });
  }

  /** Waits for what the client should ask for, but not for ever. */
  #bePatient(): void {
    if (this.#patience !== undefined || !this.#waitsForSubscription()) return;
    this.#patience = setTimeout(() => {
      this.#patience = undefined;
      this.#waived = this.#options.table.generation;
      this.#guard(() => this.#pump());
    }, this.#options.patienceMs);
    this.#patience.unref();
  }

  #waitsForSubscription(): boolean {
    if (this.#warming.awaitsSubscription(this.#waived)) return true;
    const hasRemovals = [...this.#types.values()].some((state) => state.hasRemovals);
    const isHeldUp = hasRemovals || (!this.#isReady && this.#refusedHere.size > 0);
    return isHeldUp && this.#awaited(this.#waived) < Number.POSITIVE_INFINITY;
  }

  /** Notes when the first configuration is complete: nothing is owed, and nothing that exists is left to be asked for. */
  #beReady(): void {
    if (this.#isReady) return;
    const asked = (type: ResourceType) => this.#types.get(type)?.subscription.asked === true;
    if (!asked("cluster") || !asked("listener")) return;
    // A refused listener never asks for its tables; without a refusal every table is waited for, however long it takes.
    if (this.#awaited(this.#refusedHere.size > 0 ? this.#waived : 0) < Number.POSITIVE_INFINITY) return;
    if (this.#progress.newClusters() < Number.POSITIVE_INFINITY) return;
    for (const state of this.#types.values()) if (!state.settled) return;
    this.#isReady = true;
    this.#progressed();
  }

  #awaited(waived: number): number {
    const awaited = Math.min(...awaitedTypes.map((type) => this.#typeState(type).awaited(waived)));
    // A client that connects again may use tables and scopes that are gone: it has yet to say so.
    const isReconnect = this.#types.get("cluster")?.isReconnect === true;
    const asksForAll = awaitedTypes.every((type) => this.#types.get(type)?.subscription.asked === true);
    return isReconnect && !asksForAll && waived < 0 ? 0 : awaited;
  }

  #progressed(): void {
    if (this.#gateway !== undefined) this.#options.onProgress(this.#gateway);
  }

  #typeState(type: ResourceType): TypeState {
    const existing = this.#types.get(type);
    if (existing !== undefined) return existing;
    const state = new TypeState(type, this.#variant.styleOf(type), this.#view);
    if (this.#isServing) state.resync();
    this.#types.set(type, state);
    return state;
  }

  #note(type: ResourceType): TypeNotes {
    const note = this.#notes.get(type) ?? {};
    this.#notes.set(type, note);
    return note;
  }

  #desired(type: ResourceType, name: string, held: string | undefined): Desired {
    const gateway = this.#gateway;
    const entry = gateway === undefined ? undefined : this.#options.table.entry(gateway, type, name);
    if (entry === undefined) return { kind: "absent" };
    const isRefusedHere = this.#refusedHere.has(contentKey(entry.resource));
    const isSuspect = held !== entry.resource.version && this.#memory?.isRefused(entry.resource) === true;
    if (!isRefusedHere && !isSuspect) return { kind: "resource", ...entry, suspect: false };
    const substitute = this.#memory?.substituteFor(entry.resource);
    if (substitute !== undefined) return { kind: "resource", ...entry, resource: substitute, suspect: false };
    return isRefusedHere ? { kind: "withheld" } : { kind: "resource", ...entry, suspect: true };
  }

  readonly #view: ClientView = {
    desired: (type, name, held) => this.#desired(type, name, held),
    entries: (type) => (this.#gateway === undefined ? new Map() : this.#options.table.entries(this.#gateway, type)),
    version: (type) => (this.#gateway === undefined ? "" : this.#options.table.version(this.#gateway, type)),
    generation: () => this.#options.table.generation,
  };

  readonly #progress: Progress = {
    outstanding: (type) => this.#types.get(type)?.outstanding() ?? nothingOutstanding,
    newClusters: () => this.#warming.oldest(this.#waived),
    awaited: () => this.#awaited(this.#waived),
  };
}

/** Types of which a client asks for all that exists, sooner or later. */
const awaitedTypes: readonly ResourceType[] = ["listener", "scope", "route"];

const nothingOutstanding = { upserts: Number.POSITIVE_INFINITY, removals: Number.POSITIVE_INFINITY };

function contentKey({ type, name, version }: XdsResource): string {
  return `${type}/${version}/${name}`;
}

function isSameNode(a: ClientNode, b: ClientNode): boolean {
  return a.id === b.id && a.cluster === b.cluster && isDeepStrictEqual(a.metadata, b.metadata);
}
