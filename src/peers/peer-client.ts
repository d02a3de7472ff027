import { Client, type ClientDuplexStream } from "@grpc/grpc-js";
import type { DataPlaneState } from "../core/data-plane.ts";
import type { NamespacedName } from "../core/keys.ts";
import { backoff } from "../core/scheduler.ts";
import type { TlsMaterialSource } from "../core/tls-material.ts";
import { createClientCredentials } from "./peer-credentials.ts";
import { encodePeerMessage } from "./peer-message.ts";
import { type PeerLog, reportMethod } from "./report-method.ts";

export interface PeerClientOptions {
  /** The name of this replica, the same after a reconnect and no other's: its pod's. */
  readonly replica: string;
  readonly material: TlsMaterialSource;
  readonly trustDomain: string;
  readonly log: PeerLog;
  readonly scheduler: { readonly after: (milliseconds: number, task: () => void) => () => void };
  /** From 0 to 1; spreads reconnects. */
  readonly random?: () => number;
  /** The first wait before a reconnect; doubled up to 25 times as long. 200 ms by default. */
  readonly retryMs?: number;
}

/** Tells the leader what the proxies of this replica have said: everything once, then what changes. */
export class PeerClient {
  readonly #options: PeerClientOptions;
  readonly #states = new Map<NamespacedName, DataPlaneState>();
  readonly #stopMaterial: () => void;
  #leader: string | undefined;
  #session: PeerSession | undefined;
  #cancelRetry: (() => void) | undefined;
  #failures = 0;

  constructor(options: PeerClientOptions) {
    this.#options = options;
    this.#stopMaterial = options.material.onChange(() => {
      if (this.#session === undefined) this.#connect();
    });
  }

  /** Says who leads, as `host:port`; undefined while nobody does, or this replica itself. */
  setLeader(address: string | undefined): void {
    if (address === this.#leader) return;
    this.#leader = address;
    this.#failures = 0;
    this.#disconnect();
    this.#connect();
  }

  /** Takes what the proxies of a Gateway have said to this replica; undefined when there is nothing to tell any more. */
  set(gateway: NamespacedName, state: DataPlaneState | undefined): void {
    if (state === undefined) this.#states.delete(gateway);
    else this.#states.set(gateway, state);
    this.#session?.changed(gateway);
  }

  stop(): void {
    this.#stopMaterial();
    this.#leader = undefined;
    this.#disconnect();
  }

  #disconnect(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#session?.close();
    this.#session = undefined;
  }

  #connect(): void {
    const { material, trustDomain, replica, log } = this.#options;
    const current = material.current();
    const leader = this.#leader;
    // Material that comes later starts the connection.
    if (leader === undefined || current === undefined) return;
    this.#disconnect();
    const client = new Client(leader, createClientCredentials(current, trustDomain), transportOptions);
    const session: PeerSession = new PeerSession(client, {
      replica,
      states: this.#states,
      onConnected: () => {
        this.#failures = 0;
        log.info({ leader }, "reporting to the leader");
      },
      onEnd: (reason) => {
        if (this.#session === session) this.#retry(leader, reason);
      },
    });
    this.#session = session;
  }

  #retry(leader: string, reason: string): void {
    const { scheduler, random = Math.random, retryMs = 200, log } = this.#options;
    this.#session = undefined;
    // One line tells of an outage, not one for each attempt.
    if (this.#failures === 0) log.warn({ leader, reason }, "not connected to the leader");
    this.#failures += 1;
    const wait = backoff(this.#failures, { first: retryMs, most: 25 * retryMs, random });
    this.#cancelRetry = scheduler.after(wait, () => this.#connect());
  }
}

/** How replicas connect to each other. */
export const transportOptions = {
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  // Each connection has the credentials of its own day.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_retries": 0,
  // A name, as no address may be asked for in TLS. Who answers is checked by its identity.
  "grpc.ssl_target_name_override": "gatehouse-control-plane",
};

interface SessionOptions {
  readonly replica: string;
  readonly states: ReadonlyMap<NamespacedName, DataPlaneState>;
  readonly onConnected: () => void;
  readonly onEnd: (reason: string) => void;
}

/** One connection to the leader: one message is under way at a time, and each tells what is so by then. */
class PeerSession {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #options: SessionOptions;
  readonly #changed: Set<NamespacedName>;
  #isWriting = true;
  #isComplete = false;
  #isOver = false;

  constructor(client: Client, options: SessionOptions) {
    this.#client = client;
    this.#options = options;
    this.#changed = new Set(options.states.keys());
    const { path, requestSerialize, responseDeserialize } = reportMethod;
    this.#call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.#call.on("data", options.onConnected);
    this.#call.on("error", () => {});
    this.#call.on("status", ({ details }: { readonly details: string }) => this.#end(details));
    this.#call.write(encodePeerMessage({ kind: "hello", replica: options.replica }), () => this.#written());
  }

  changed(gateway: NamespacedName): void {
    this.#changed.add(gateway);
    this.#pump();
  }

  close(): void {
    this.#isOver = true;
    this.#call.cancel();
    this.#client.close();
  }

  #pump(): void {
    if (this.#isWriting || this.#isOver) return;
    const [gateway] = this.#changed;
    if (gateway === undefined && this.#isComplete) return;
    this.#isWriting = true;
    if (gateway === undefined) this.#isComplete = true;
    else this.#changed.delete(gateway);
    const message =
      gateway === undefined
        ? ({ kind: "complete" } as const)
        : ({ kind: "state", gateway, state: this.#options.states.get(gateway) } as const);
    this.#call.write(encodePeerMessage(message), () => this.#written());
  }

  #written(): void {
    this.#isWriting = false;
    this.#pump();
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.close();
    this.#options.onEnd(reason);
  }
}
