import type { NamespacedName } from "../core/keys.ts";
import type { ResourceType } from "../core/xds-resource.ts";
import { AdsStream } from "./ads-stream.ts";
import { type Call, CallOutlet, endCall } from "./call-outlet.ts";
import type { ClientNode } from "./codec.ts";
import { ConnectionLimits } from "./connection-limits.ts";
import { type AdsSecurity, admitNode, findObjection, type Identity, identifyPeer } from "./credentials.ts";
import { type SplitResource, splitOnce } from "./culprit.ts";
import { DataPlaneWatch } from "./data-plane-watch.ts";
import { FleetMemory } from "./fleet-memory.ts";
import { LargeSends } from "./large-sends.ts";
import type { AdsServerOptions } from "./server.ts";
import type { Admission, StreamRequest, Variant } from "./stream-options.ts";
import type { StreamReport } from "./stream-report.ts";
import { Turns } from "./turns.ts";
import { WorkQueue } from "./work-queue.ts";

type Refused = Extract<Admission, { kind: "refused" }>;

/** Something that can be ended and reported, whichever variant it speaks. */
type OpenStream = Pick<
  AdsStream<StreamRequest>,
  "gateway" | "firstConfigAcknowledged" | "listeners" | "held" | "end" | "report"
>;

/** Who is on the other end of a stream. */
interface Peer {
  readonly identity: Identity;
  readonly address: string;
}

/** Knows the open streams, whether they may go on, and what is remembered per Gateway across them. */
export class StreamRegistry {
  readonly #options: AdsServerOptions;
  readonly #split: SplitResource;
  readonly #closeConnection: (peer: string) => void;
  readonly #streams = new Map<OpenStream, Peer>();
  readonly #memories = new Map<NamespacedName, { readonly memory: FleetMemory; readonly stop: () => void }>();
  readonly #dataPlane: DataPlaneWatch;
  readonly #endings = new Set<NodeJS.Timeout>();
  readonly #largeSends: LargeSends;
  readonly #turns = new Turns();
  readonly #work = new WorkQueue();
  readonly #limits: ConnectionLimits;
  readonly #rechecks: NodeJS.Timeout | undefined;
  #opened = 0;
  #isEnding = false;

  /** `closeConnection` closes the connection of a peer: it has to show a certificate anew, or reads nothing. */
  constructor(options: AdsServerOptions, closeConnection: (peer: string) => void) {
    this.#options = options;
    this.#split = splitOnce(options.split ?? (() => undefined));
    this.#closeConnection = closeConnection;
    this.#limits = new ConnectionLimits(options.fleetSize);
    this.#largeSends = new LargeSends(options.largeSendPatienceMs);
    const source = {
      proxies: (gateway: NamespacedName) => this.#streamsOf(gateway),
      refusals: (gateway: NamespacedName) => this.#refusals(gateway),
    };
    this.#dataPlane = new DataPlaneWatch(source, (gateway, state) => options.onDataPlane?.(gateway, state));
    if (options.security.kind === "loopback") return;
    this.#rechecks = setInterval(() => this.#recheck(), options.recheckMs ?? 30_000);
    this.#rechecks.unref();
  }

  reports(): readonly StreamReport[] {
    return [...this.#streams.keys()].map((stream) => stream.report());
  }

  /** The version of a resource that each stream of a Gateway has acknowledged: undefined where it has none. */
  held(gateway: NamespacedName, type: ResourceType, name: string): readonly (string | undefined)[] {
    return this.#streamsOf(gateway).map((stream) => stream.held(type, name));
  }

  /** Takes no new stream, and ends the open ones at even intervals. */
  end(spreadMs: number): void {
    this.#isEnding = true;
    this.#turns.end();
    const streams = [...this.#streams.keys()];
    for (const [index, stream] of streams.entries()) {
      const end = () => stream.end("unavailable", "the server is stopping");
      if (spreadMs === 0) end();
      else this.#endings.add(setTimeout(end, (spreadMs * index) / streams.length));
    }
  }

  stop(): void {
    clearInterval(this.#rechecks);
    for (const ending of this.#endings) clearTimeout(ending);
    this.#dataPlane.stop();
    this.#work.stop();
    for (const { stop } of this.#memories.values()) stop();
    this.#memories.clear();
  }

  accept<R extends StreamRequest>(variant: Variant<R>, call: Call): void {
    const identity = this.#identify(call);
    const address = call.getPeer();
    const refused = this.#findRefusal(identity, address);
    if (refused !== undefined) {
      this.#refuse(call, refused);
      if (identity.kind === "refused") this.#closeConnection(address);
      return;
    }
    let giveUp: (() => void) | undefined;
    onOver(call, () => {
      giveUp?.();
      if (identity.kind === "gateway") this.#limits.leave(address);
    });
    giveUp = this.#turns.take(() => this.#open(variant, call, identity));
    if (giveUp === undefined) this.#refuse(call, { ...unavailable, message: "too many proxies connect at once" });
  }

  #findRefusal(identity: Identity, address: string): Refused | undefined {
    if (this.#isEnding) return stopping;
    if (identity.kind === "refused") return { ...identity, reason: "permission-denied" };
    const message =
      identity.kind === "gateway" ? this.#limits.enter({ gateway: identity.gateway, address }) : undefined;
    return message === undefined ? undefined : { kind: "refused", reason: "resource-exhausted", message };
  }

  #refuse(call: Call, { reason, message }: Refused): void {
    this.#options.log.warn({ peer: call.getPeer(), message }, "stream refused");
    endCall(call, reason, message);
  }

  #open<R extends StreamRequest>(variant: Variant<R>, call: Call, identity: Identity): void {
    if (call.cancelled) return;
    if (this.#isEnding) {
      this.#refuse(call, stopping);
      return;
    }
    const { clock, table, log, metrics, patienceMs, stuckMs, lingerMs, writeDeadlineMs } = this.#options;
    const address = call.getPeer();
    this.#opened += 1;
    const outlet = new CallOutlet(call, {
      largeSends: this.#largeSends,
      deadlineMs: writeDeadlineMs ?? 30_000,
      onLate: () => {
        stream.end("unavailable", "the client does not read");
        this.#closeConnection(address);
      },
    });
    const stream = new AdsStream(variant, outlet, {
      id: String(this.#opened),
      table,
      log,
      metrics,
      clock,
      patienceMs: patienceMs ?? 5_000,
      stuckMs: stuckMs ?? 30_000,
      lingerMs: lingerMs ?? 0,
      split: this.#split,
      onCulprit: (culprit) => this.#options.onCulprit?.(culprit),
      admit: (node) => this.#admit(identity, node, address),
      memoryOf: (gateway) => this.#memoryOf(gateway),
      onProgress: (gateway) => this.#dataPlane.touch(gateway),
    });
    this.#streams.set(stream, { identity, address });
    onOver(call, () => {
      this.#streams.delete(stream);
      stream.close();
      call.resume();
    });
    call.on("data", (bytes: Buffer) => {
      // The next one is read when this one is answered: whoever sends much waits, and we keep little.
      call.pause();
      this.#work.add(() => {
        stream.receive(bytes);
        call.resume();
      });
    });
    call.on("end", () => call.end());
  }

  #admit(identity: Identity, node: ClientNode, address: string): Admission {
    const admission = admitNode(identity, node);
    const message = admission.kind === "admitted" ? this.#limits.identify(address, node.id) : undefined;
    return message === undefined ? admission : { kind: "refused", reason: "resource-exhausted", message };
  }

  #identify(call: Call): Identity {
    const { security, clock, table } = this.#options;
    const identity = identifyPeer(security, call.getAuthContext(), clock());
    const message = findGoneGateway(security, identity, table);
    return message === undefined ? identity : { kind: "refused", message };
  }

  /** A stream outlives what was true when it was opened. */
  #recheck(): void {
    const { security, clock, table } = this.#options;
    for (const [stream, { identity, address }] of [...this.#streams]) {
      const message = findObjection(security, identity, clock()) ?? findGoneGateway(security, identity, table);
      if (message === undefined) continue;
      stream.end("permission-denied", message);
      this.#closeConnection(address);
    }
  }

  #streamsOf(gateway: NamespacedName): readonly OpenStream[] {
    return [...this.#streams.keys()].filter((stream) => stream.gateway === gateway);
  }

  #memoryOf(gateway: NamespacedName): FleetMemory {
    const existing = this.#memories.get(gateway);
    if (existing !== undefined) return existing.memory;
    const { table } = this.#options;
    const memory = new FleetMemory();
    const stop = table.onChange(gateway, (changed) => {
      for (const [type, names] of changed) {
        for (const name of names) if (table.entry(gateway, type, name) === undefined) memory.forget(type, name);
      }
      if (table.knows(gateway)) this.#dataPlane.touch(gateway);
      else this.#forget(gateway);
    });
    this.#memories.set(gateway, { memory, stop });
    return memory;
  }

  /** Drops the memory of a Gateway that is gone once nobody uses it. */
  #forget(gateway: NamespacedName): void {
    if (this.#streamsOf(gateway).length > 0) return;
    this.#memories.get(gateway)?.stop();
    this.#memories.delete(gateway);
  }

  #refusals(gateway: NamespacedName): ReadonlyMap<string, string> {
    const { table } = this.#options;
    const memory = this.#memories.get(gateway)?.memory;
    return memory?.standing((type, name) => table.entry(gateway, type, name)?.resource.version) ?? new Map();
  }
}

/** Where Gatehouse runs the proxies, those of a Gateway that is no more have no business here. */
function findGoneGateway(
  security: AdsSecurity,
  identity: Identity,
  table: AdsServerOptions["table"],
): string | undefined {
  if (security.kind !== "issued-certificates" || identity.kind !== "gateway") return undefined;
  return table.isReady && !table.knows(identity.gateway) ? "the Gateway does not exist" : undefined;
}

const unavailable = { kind: "refused", reason: "unavailable" } as const;
const stopping: Refused = { ...unavailable, message: "the server is stopping" };

/** Calls back when a call is over, whoever ended it. */
function onOver(call: Call, callback: () => void): void {
  let isOver = false;
  const end = () => {
    if (!isOver) callback();
    isOver = true;
  };
  call.on("error", end);
  call.on("cancelled", end);
  call.on("close", end);
}
