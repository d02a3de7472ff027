import { Metadata, type MethodDefinition, Server, type ServerDuplexStream, status } from "@grpc/grpc-js";
import type { DataPlaneState } from "../core/data-plane.ts";
import type { NamespacedName } from "../core/keys.ts";
import { AdsStream } from "./ads-stream.ts";
import { type AdsSecurity, admitNode, createCredentials, identifyPeer, isLoopback } from "./credentials.ts";
import { DataPlaneWatch } from "./data-plane-watch.ts";
import { deltaVariant } from "./delta-stream.ts";
import { FleetMemory, type Substitute } from "./fleet-memory.ts";
import type { ResourceTable } from "./resource-table.ts";
import { sotwVariant } from "./sotw-stream.ts";
import type { EndReason, Outlet, StreamRequest, Variant, XdsLog, XdsMetrics } from "./stream-options.ts";
import type { StreamReport } from "./stream-report.ts";

export type { XdsLog, XdsMetrics } from "./stream-options.ts";

export interface AdsServerOptions {
  readonly table: ResourceTable;
  /** An IP address. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly security: AdsSecurity;
  readonly log: XdsLog;
  readonly metrics: XdsMetrics;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** What proxies get in place of a resource that they refused, such as a table that answers 500. */
  readonly substitute?: Substitute;
  /** Told what the proxies of a Gateway said, whenever that changes. */
  readonly onDataPlane?: (gateway: NamespacedName, state: DataPlaneState) => void;
  /** How long removals wait for a proxy to ask for what its listeners name; 5 s by default. */
  readonly patienceMs?: number;
  /** How long a message may take to leave before its stream is cut; 30 s by default. */
  readonly writeDeadlineMs?: number;
  /** How long open streams may take to end when the server stops; 2 s by default. */
  readonly stopDeadlineMs?: number;
}

export type StartResult =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "refused"; readonly message: string };

/** Serves Envoy's aggregated discovery service. */
export interface AdsServer {
  start(): Promise<StartResult>;
  stop(): Promise<void>;
  streams(): readonly StreamReport[];
}

/** Creates the server that keeps proxies in step with the table. */
export function createAdsServer(options: AdsServerOptions): AdsServer {
  const server = new Server(transportOptions);
  const streams = new StreamRegistry(options);
  const accept =
    <R extends StreamRequest>(variant: Variant<R>) =>
    (call: ServerDuplexStream<Buffer, Buffer>) =>
      streams.accept(variant, call);
  server.addService(
    {
      StreamAggregatedResources: method("StreamAggregatedResources"),
      DeltaAggregatedResources: method("DeltaAggregatedResources"),
    },
    { StreamAggregatedResources: accept(sotwVariant), DeltaAggregatedResources: accept(deltaVariant) },
  );
  return {
    start: () => listen(server, options),
    stop: async () => {
      streams.end();
      await shutDown(server, options.stopDeadlineMs ?? 2_000);
      streams.stop();
    },
    streams: () => streams.reports(),
  };
}

/** https://grpc.github.io/grpc/core/group__grpc__arg__keys.html */
const transportOptions = {
  // The initial versions of a large fleet's resources come in one message.
  "grpc.max_receive_message_length": 32 * 1024 * 1024,
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  // Spreads proxies over replicas anew now and then; a stream never ends by itself, so it needs a grace period too.
  "grpc.max_connection_age_ms": 10 * 60 * 60 * 1000,
  "grpc.max_connection_age_grace_ms": 60_000,
  "grpc.max_concurrent_streams": 8,
};

const service = "/envoy.service.discovery.v3.AggregatedDiscoveryService/";

/** A method whose messages pass as bytes: requests are decoded after authorisation, responses are encoded before. */
function method(name: string): MethodDefinition<Buffer, Buffer> {
  const pass = (bytes: Buffer) => bytes;
  return {
    path: service + name,
    originalName: name,
    requestStream: true,
    responseStream: true,
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: pass,
    responseDeserialize: pass,
  };
}

async function listen(server: Server, { host, port, security }: AdsServerOptions): Promise<StartResult> {
  if (security.kind === "loopback" && !isLoopback(host)) {
    const message = `plaintext xDS is served on loopback only, not on ${host}: use mutual TLS`;
    return { kind: "refused", message };
  }
  const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return await new Promise((resolve) => {
    server.bindAsync(target, createCredentials(security), (error, bound) => {
      resolve(error === null ? { kind: "listening", port: bound } : { kind: "refused", message: error.message });
    });
  });
}

async function shutDown(server: Server, deadlineMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const deadline = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, deadlineMs);
    server.tryShutdown(() => {
      clearTimeout(deadline);
      resolve();
    });
  });
}

/** Something that can be ended and reported, whichever variant it speaks. */
type OpenStream = Pick<
  AdsStream<StreamRequest>,
  "gateway" | "firstConfigAcknowledged" | "listeners" | "end" | "report"
>;

/** Knows the open streams, and what is remembered per Gateway across them. */
class StreamRegistry {
  readonly #options: AdsServerOptions;
  readonly #streams = new Set<OpenStream>();
  readonly #memories = new Map<NamespacedName, { readonly memory: FleetMemory; readonly stop: () => void }>();
  readonly #dataPlane: DataPlaneWatch;
  #opened = 0;
  #isEnding = false;

  constructor(options: AdsServerOptions) {
    this.#options = options;
    const source = {
      proxies: (gateway: NamespacedName) => [...this.#streams].filter((stream) => stream.gateway === gateway),
      refusals: (gateway: NamespacedName) => this.#refusals(gateway),
    };
    this.#dataPlane = new DataPlaneWatch(source, (gateway, state) => options.onDataPlane?.(gateway, state));
  }

  reports(): readonly StreamReport[] {
    return [...this.#streams].map((stream) => stream.report());
  }

  end(): void {
    this.#isEnding = true;
    for (const stream of [...this.#streams]) stream.end("unavailable", "the server is stopping");
  }

  stop(): void {
    this.#dataPlane.stop();
    for (const { stop } of this.#memories.values()) stop();
    this.#memories.clear();
  }

  accept<R extends StreamRequest>(variant: Variant<R>, call: ServerDuplexStream<Buffer, Buffer>): void {
    const { security, clock, table, log, metrics, patienceMs } = this.#options;
    const identity = identifyPeer(security, call.getAuthContext(), clock());
    if (identity.kind === "refused" || this.#isEnding) {
      const message = identity.kind === "refused" ? identity.message : "the server is stopping";
      log.warn({ peer: call.getPeer(), message }, "stream refused");
      endCall(call, identity.kind === "refused" ? "permission-denied" : "unavailable", message);
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
    this.#streams.add(stream);
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
    if ([...this.#streams].some((stream) => stream.gateway === gateway)) return;
    this.#memories.get(gateway)?.stop();
    this.#memories.delete(gateway);
  }

  #refusals(gateway: NamespacedName): ReadonlyMap<string, string> {
    const { table } = this.#options;
    const memory = this.#memories.get(gateway)?.memory;
    return memory?.standing((type, name) => table.entry(gateway, type, name)?.resource.version) ?? new Map();
  }
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
