import { Metadata, type ServerDuplexStream, status } from "@grpc/grpc-js";
import type { NamespacedName } from "../core/keys.ts";
import type { ResourceType } from "../core/xds-resource.ts";
import { AdsStream } from "./ads-stream.ts";
import { type AdsSecurity, admitNode, findObjection, type Identity, identifyPeer } from "./credentials.ts";
import { DataPlaneWatch } from "./data-plane-watch.ts";
import { FleetMemory } from "./fleet-memory.ts";
import type { AdsServerOptions } from "./server.ts";
import type { EndReason, Outlet, StreamRequest, Variant } from "./stream-options.ts";
import type { StreamReport } from "./stream-report.ts";

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
  readonly #closeConnection: (peer: string) => void;
  readonly #streams = new Map<OpenStream, Peer>();
  readonly #memories = new Map<NamespacedName, { readonly memory: FleetMemory; readonly stop: () => void }>();
  readonly #dataPlane: DataPlaneWatch;
  readonly #endings = new Set<NodeJS.Timeout>();
  readonly #rechecks: NodeJS.Timeout | undefined;
  #opened = 0;
  #isEnding = false;

  /** `closeConnection` closes the connection of a peer, so that it has to show a certificate anew. */
  constructor(options: AdsServerOptions, closeConnection: (peer: string) => void) {
    this.#options = options;
    this.#closeConnection = closeConnection;
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
    for (const { stop } of this.#memories.values()) stop();
    this.#memories.clear();
  }

  accept<R extends StreamRequest>(variant: Variant<R>, call: ServerDuplexStream<Buffer, Buffer>): void {
    const { clock, table, log, metrics, patienceMs } = this.#options;
    const identity = this.#identify(call);
    if (identity.kind === "refused" || this.#isEnding) {
      const message = identity.kind === "refused" ? identity.message : "the server is stopping";
      log.warn({ peer: call.getPeer(), message }, "stream refused");
      endCall(call, identity.kind === "refused" ? "permission-denied" : "unavailable", message);
      if (identity.kind === "refused") this.#closeConnection(call.getPeer());
      return;
    }
    this.#opened += 1;
    // Keepalive does not find a client that answers pings and reads nothing.
    const cut = () => stream.end("unavailable", "the client does not read");
    const stream = new AdsStream(variant, this.#outlet(call, cut), {
      id: String(this.#opened),
      table,
      log,
      metrics,
      clock,
      patienceMs: patienceMs ?? 5_000,
      admit: (node) => admitNode(identity, node),
      memoryOf: (gateway) => this.#memoryOf(gateway),
      onProgress: (gateway) => this.#dataPlane.touch(gateway),
    });
    this.#streams.set(stream, { identity, address: call.getPeer() });
    const close = () => {
      this.#streams.delete(stream);
      stream.close();
    };
    call.on("data", (bytes: Buffer) => stream.receive(bytes));
    call.on("end", () => call.end());
    call.on("error", close);
    call.on("cancelled", close);
    call.on("close", close);
  }

  #identify(call: ServerDuplexStream<Buffer, Buffer>): Identity {
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

  #outlet(call: ServerDuplexStream<Buffer, Buffer>, cut: () => void): Outlet {
    const deadlineMs = this.#options.writeDeadlineMs ?? 30_000;
    let deadline: NodeJS.Timeout | undefined;
    call.once("close", () => clearTimeout(deadline));
    return {
      write: (message, done) => {
        deadline = setTimeout(cut, deadlineMs);
        call.write(message, () => {
          clearTimeout(deadline);
          done();
        });
      },
      end: (reason, message) => {
        clearTimeout(deadline);
        endCall(call, reason, message);
      },
    };
  }

  #memoryOf(gateway: NamespacedName): FleetMemory {
    const existing = this.#memories.get(gateway);
    if (existing !== undefined) return existing.memory;
    const memory = new FleetMemory(this.#options.substitute);
    const stop = this.#options.table.onChange(gateway, () => {
      if (memory.isEmpty) this.#forget(gateway);
      else this.#dataPlane.touch(gateway);
    });
    this.#memories.set(gateway, { memory, stop });
    return memory;
  }

  /** Drops a memory that holds nothing once nobody uses it. */
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

const statuses: Readonly<Record<EndReason, status>> = {
  "invalid-argument": status.INVALID_ARGUMENT,
  "permission-denied": status.PERMISSION_DENIED,
  unavailable: status.UNAVAILABLE,
  internal: status.INTERNAL,
};

function endCall(call: ServerDuplexStream<Buffer, Buffer>, reason: EndReason, message: string): void {
  // grpc-js turns an error event into the call's status.
  call.emit("error", { code: statuses[reason], details: message, metadata: new Metadata() });
}
