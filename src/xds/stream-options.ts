import type { NamespacedName } from "../core/keys.ts";
import type { ResourceType } from "../core/xds-resource.ts";
import type { ClientNode } from "./codec.ts";
import type { Culprit, SplitResource } from "./culprit.ts";
import type { FleetMemory } from "./fleet-memory.ts";
import type { ResourceTable } from "./resource-table.ts";
import type { Batch, ResponseStyle } from "./response-batch.ts";
import type { TypeState } from "./type-state.ts";

/** Why a stream is ended, in gRPC's terms. */
export type EndReason = "invalid-argument" | "permission-denied" | "resource-exhausted" | "unavailable" | "internal";

/** The wire under a stream: one message is under way at a time. */
export interface Outlet {
  /** Whether a message of so many bytes may be made and written now; if not, `retry` is called when it may. */
  admits(bytes: number, retry: () => void): boolean;
  /** Sends a message; `done` is called when it has left our memory. */
  write(message: Buffer, done: () => void): void;
  /** The client has answered what was written last: it has read it. */
  answered(): void;
  end(reason: EndReason, message: string): void;
}

/** What a stream writes to the log. */
export interface XdsLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Counters of what streams do. */
export interface XdsMetrics {
  responseSent(type: ResourceType, bytes: number): void;
  nack(type: ResourceType): void;
  streamOpened(): void;
  streamClosed(): void;
  /** A stream waits for an answer that should have come; it is free again, or over. */
  streamStuck(): void;
  streamFree(): void;
}

/** A request in the terms that both protocol variants share. */
export interface StreamRequest {
  readonly typeUrl: string;
  readonly node?: ClientNode;
  readonly nonce: string;
  readonly error?: string;
}

/** What differs between the protocol variants. */
export interface Variant<R extends StreamRequest> {
  readonly transport: "delta" | "sotw";
  styleOf(type: ResourceType): ResponseStyle;
  /** Throws on malformed bytes. */
  decode(bytes: Uint8Array): R;
  /** Takes over what a request subscribes to. A `stale` one answers a response that is not the latest. */
  subscribe(state: TypeState, request: R, position: "first" | "stale" | "current"): void;
  encode(options: { readonly state: TypeState; readonly batch: Batch; readonly nonce: string }): {
    readonly message: Buffer;
    readonly version?: string;
  };
}

/** Whether a node may connect, and which Gateway's proxy it is. */
export type Admission =
  | { readonly kind: "admitted"; readonly gateway: NamespacedName }
  | { readonly kind: "refused"; readonly reason: EndReason; readonly message: string };

export interface StreamOptions {
  readonly id: string;
  readonly table: ResourceTable;
  readonly log: XdsLog;
  readonly metrics: XdsMetrics;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** How long removals wait for a client to ask for what it should. */
  readonly patienceMs: number;
  /** How long a client may take to answer before it counts as stuck; after twice as long the stream is ended. */
  readonly stuckMs: number;
  /** How long a cluster stays when nothing names it any more; not at all unless told. */
  readonly lingerMs?: number;
  readonly split: SplitResource;
  onCulprit(culprit: Culprit): void;
  admit(node: ClientNode): Admission;
  memoryOf(gateway: NamespacedName): FleetMemory;
  /** Called when something changed that a Gateway's status tells. */
  onProgress(gateway: NamespacedName): void;
}
