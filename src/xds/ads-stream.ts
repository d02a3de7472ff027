import type { NamespacedName } from "../core/keys.ts";
import { type ResourceType, resourceTypeOf, resourceTypes } from "../core/xds-resource.ts";
import { AnswerClock } from "./answer-clock.ts";
import { ClientMemory } from "./client-memory.ts";
import { ClientProgress } from "./client-progress.ts";
import { type ClientNode, isSameNode } from "./codec.ts";
import { cleanWords } from "./fleet-memory.ts";
import { LeavingClusters } from "./leaving-clusters.ts";
import { gatesOf } from "./ordering.ts";
import { Refusals } from "./refusals.ts";
import type { ChangedNames } from "./resource-table.ts";
import { type Batch, bytesOf } from "./response-batch.ts";
import { StreamNotes } from "./stream-notes.ts";
import type { EndReason, Outlet, StreamOptions, StreamRequest, Variant } from "./stream-options.ts";
import type { StreamReport } from "./stream-report.ts";
import { ifUnsupported } from "./supported-envoy.ts";
import { TableView } from "./table-view.ts";
import { TypeState } from "./type-state.ts";
import { WarmingClusters } from "./warming.ts";

/** Serves one client: keeps what it holds in step with the table, in an order that breaks nothing. */
export class AdsStream<R extends StreamRequest> {
  readonly #variant: Variant<R>;
  readonly #outlet: Outlet;
  readonly #options: StreamOptions;
  readonly #since: number;
  readonly #types = new Map<ResourceType, TypeState>();
  readonly #notes = new StreamNotes();
  readonly #clock: AnswerClock;
  readonly #view: TableView;
  readonly #warming = new WarmingClusters(() => ({
    clusters: this.#typeState("cluster"),
    endpoints: this.#typeState("endpoint"),
    hasEndpoints: (cluster) => this.#view.entries("endpoint").has(cluster),
    created: (cluster) => this.#view.entries("cluster").get(cluster)?.created ?? 0,
  }));
  readonly #progress = new ClientProgress({
    warming: this.#warming,
    known: (type) => this.#types.get(type),
    any: (type) => this.#typeState(type),
    hasScope: (name) => this.#view.entries("scope").has(name),
    waived: () => this.#waived,
  });
  readonly #leaving: LeavingClusters;
  #node: ClientNode | undefined;
  #gateway: NamespacedName | undefined;
  #refusals: Refusals | undefined;
  #client: ClientMemory | undefined;
  #stopListening: (() => void) | undefined;
  #patience: NodeJS.Timeout | undefined;
  #waived = -1;
  #nonces = 0;
  #isWriting = false;
  #isServing = false;
  #isClosed = false;
  #isReady = false;
  #hasRefused = false;

  constructor(variant: Variant<R>, outlet: Outlet, options: StreamOptions) {
    this.#variant = variant;
    this.#outlet = outlet;
    this.#options = options;
    this.#view = new TableView(options.table);
    this.#since = options.clock();
    this.#clock = new AnswerClock({
      stuckMs: options.stuckMs,
      owes: (type) => type === "cluster" && this.#warming.owes,
      onStuck: (type) => this.#onStuck(type),
      onFree: () => options.metrics.streamFree(),
      onGivenUp: () => this.end("unavailable", "the client does not answer"),
    });
    this.#leaving = new LeavingClusters(options.lingerMs ?? 0, () => this.#guard(() => this.#pump()));
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
    return new Map(this.#types.get("listener")?.held.versions());
  }

  /** The version of a resource that the client acknowledged; undefined where it has none. */
  held(type: ResourceType, name: string): string | undefined {
    return this.#types.get(type)?.held.version(name);
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
    this.#clock.close();
    this.#leaving.close();
    for (const state of this.#types.values()) this.#client?.noteLost(state);
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
      stuck: this.#clock.isStuck,
      types: states.map((state) => this.#notes.report(state, this.#clock.stuck(state.type))),
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
      this.end(admission.reason, admission.message);
      return false;
    }
    this.#node = node;
    this.#join(admission.gateway, node);
    return true;
  }

  #join(gateway: NamespacedName, node: ClientNode): void {
    const { table, log, id, memoryOf, onProgress, split, onCulprit } = this.#options;
    this.#gateway = gateway;
    const memory = memoryOf(gateway);
    this.#client = new ClientMemory(memory, node.id);
    const current = (type: ResourceType, name: string) => table.entry(gateway, type, name)?.resource;
    const held = (type: ResourceType) => this.#types.get(type)?.held;
    const refusals = new Refusals({ gateway, memory, split, onCulprit, current, held });
    this.#refusals = refusals;
    this.#view.open({ gateway, memory, refusals });
    this.#isServing = table.serves(gateway);
    const stops = [
      table.onChange(gateway, (changed) => this.#guard(() => this.#onChange(gateway, changed))),
      memory.onRefusal((type, name) => this.#onRefusal(type, name)),
    ];
    this.#stopListening = () => {
      for (const stop of stops) stop();
    };
    const fields = { stream: id, gateway, node: node.id, envoy: node.version, transport: this.#variant.transport };
    ifUnsupported(node.version, (problem) => log.warn(fields, problem));
    if (table.knows(gateway)) log.info(fields, "proxy connected");
    else log.warn(fields, "proxy of an unknown Gateway connected: it is answered once the Gateway exists");
    onProgress(gateway);
  }

  #handle(state: TypeState, request: R): void {
    if (!state.subscription.asked) {
      // On a new stream the nonce of an old one says nothing.
      this.#client?.recall(state);
      this.#variant.subscribe(state, request, "first");
      if (state.type === "cluster") this.#warming.onReported();
    } else {
      const isCurrent = state.lastNonce === undefined || request.nonce === state.lastNonce;
      // What the response holds counts for the names that the same request asks for.
      this.#variant.subscribe(state, request, isCurrent ? "current" : "stale");
      if (isCurrent) this.#onAnswer(state, request.error);
      // A name that nobody asks for any more is in doubt no longer.
      this.#client?.noteDoubts(state);
    }
    if (state.type === "endpoint") this.#warming.onSubscribed();
  }

  #onAnswer(state: TypeState, error: string | undefined): void {
    if (state.inFlight === undefined) return;
    this.#outlet.answered();
    this.#clock.answered(state.type);
    if (error === undefined) this.#onAcknowledged(state);
    else this.#onRefused(state, error);
  }

  #onAcknowledged(state: TypeState): void {
    const owed = this.#warming.owes;
    state.acknowledge((batch) => {
      this.#refusals?.acknowledged(batch);
      this.#warming.onAcknowledged(state, batch);
    });
    if (owed && !this.#warming.owes) this.#clock.paid("cluster");
    if (state.type === "listener") this.#progressed();
  }

  #onRefused(state: TypeState, error: string): void {
    const { id, clock, log, metrics } = this.#options;
    const text = cleanWords(error);
    const refusal = state.refuse(error, (resource) => this.#refusals?.refused(resource, text));
    if (refusal === undefined) return;
    this.#hasRefused ||= refusal.refused.length > 0;
    const refused = refusal.refused.map(({ name }) => name);
    if (state.type === "endpoint" || state.type === "cluster") for (const name of refused) this.#warming.forget(name);
    const lastNack = { time: clock(), text, resources: [...refused, ...refusal.doubtful] };
    this.#notes.note(state.type, { lastNack });
    metrics.nack(state.type);
    const fields = { stream: id, gateway: this.#gateway, node: this.#node?.id, type: state.type, refused };
    log.warn({ ...fields, doubtful: refusal.doubtful.length, error: text }, "proxy refused a response");
    this.#progressed();
  }

  /** Something is known to be bad: what may be sent is decided anew, once whatever is being decided is. */
  #onRefusal(type: ResourceType, name: string): void {
    queueMicrotask(() => {
      this.#guard(() => {
        this.#types.get(type)?.refresh([name]);
        this.#pump();
      });
    });
  }

  #onStuck(type: ResourceType): void {
    const { id, log, metrics } = this.#options;
    const fields = { stream: id, gateway: this.#gateway, node: this.#node?.id, type };
    log.warn(fields, "proxy does not answer: it is sent nothing that could depend on it");
    metrics.streamStuck();
  }

  #onChange(gateway: NamespacedName, changed: ChangedNames): void {
    const serves = this.#options.table.serves(gateway);
    for (const [type, names] of changed) this.#forgetGone(gateway, type, names);
    if (serves !== this.#isServing) {
      this.#isServing = serves;
      for (const state of this.#types.values()) serves ? state.resync() : state.suspend();
      if (serves) this.#warming.onReported();
    } else if (serves) {
      for (const [type, names] of changed) this.#refresh(type, names);
    }
    this.#pump();
  }

  #forgetGone(gateway: NamespacedName, type: ResourceType, names: ReadonlySet<string>): void {
    this.#leaving.forget(type, names);
    for (const name of names) {
      if (this.#options.table.entry(gateway, type, name) !== undefined) continue;
      this.#refusals?.forget(type, name);
      if (type === "cluster" || type === "endpoint") this.#warming.forget(name);
    }
  }

  #refresh(type: ResourceType, names: ReadonlySet<string>): void {
    if (type === "endpoint") this.#warming.onReported(names);
    const state = this.#typeState(type);
    state.refresh(names);
    this.#client?.noteDoubts(state);
  }

  /** Sends what may be sent; called again when the message has left, and with every request and change. */
  #pump(): void {
    if (this.#isWriting || !this.#isServing) return;
    for (const type of resourceTypes) {
      if (this.#clock.holdsBack(type)) continue;
      const state = this.#types.get(type);
      const batch = state?.next(this.#leaving.delay(type, gatesOf(type, this.#progress)));
      if (state === undefined || batch === undefined) continue;
      if (batch.kind === "removals" && state.style === "partial") {
        state.believeRemoved(batch.removals);
        this.#pump();
        return;
      }
      // What has to wait for its turn is chosen anew then, and what is small may go before it.
      if (!this.#outlet.admits(bytesOf(state.contentOf(batch)), () => this.#guard(() => this.#pump()))) continue;
      this.#send(state, batch);
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
    this.#leaving.forget(state.type, batch.removals);
    state.begin(batch, nonce);
    const { message, version } = this.#variant.encode({ state, batch, nonce });
    this.#notes.note(state.type, { sentAt: clock(), ...(version !== undefined && { sentVersion: version }) });
    metrics.responseSent(state.type, message.length);
    this.#isWriting = true;
    this.#outlet.write(message, () => {
      this.#isWriting = false;
      if (!this.#isClosed && state.inFlight !== undefined && state.lastNonce === nonce) this.#clock.left(state.type);
      this.#guard(() => this.#pump());
    });
  }

  /** Waits for what the client should ask for, but not for ever. */
  #bePatient(): void {
    if (this.#patience !== undefined || !this.#waitsForSubscription()) return;
    this.#patience = setTimeout(() => {
      this.#patience = undefined;
      this.#waived = this.#options.table.generation;
      this.#warming.waive();
      this.#guard(() => this.#pump());
    }, this.#options.patienceMs);
    this.#patience.unref();
  }

  #waitsForSubscription(): boolean {
    if (this.#warming.awaitsSubscription) return true;
    const hasRemovals = [...this.#types.values()].some((state) => state.hasRemovals);
    const isHeldUp = hasRemovals || (!this.#isReady && this.#hasRefused);
    if (this.#types.get("listener")?.settled === false && this.#progress.newScopes() < Number.POSITIVE_INFINITY)
      return true;
    return isHeldUp && this.#progress.awaited(this.#waived) < Number.POSITIVE_INFINITY;
  }

  /** Notes when the first configuration is complete: nothing is owed, and nothing that exists is left to be asked for. */
  #beReady(): void {
    if (this.#isReady) return;
    const asked = (type: ResourceType) => this.#types.get(type)?.subscription.asked === true;
    if (!asked("cluster") || !asked("listener")) return;
    // A refused listener never asks for its tables; without a refusal every table is waited for, however long it takes.
    if (this.#progress.awaited(this.#hasRefused ? this.#waived : 0) < Number.POSITIVE_INFINITY) return;
    if (this.#progress.newClusters() < Number.POSITIVE_INFINITY) return;
    for (const state of this.#types.values()) if (!state.settled) return;
    this.#isReady = true;
    this.#progressed();
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
}
