import { Metadata, type ServerDuplexStream, status } from "@grpc/grpc-js";
import { type LargeSends, largeBytes, type Permit } from "./large-sends.ts";
import type { EndReason, Outlet } from "./stream-options.ts";

/** A call of gRPC whose messages pass as bytes. */
export type Call = ServerDuplexStream<Buffer, Buffer>;

export interface CallOutletOptions {
  readonly largeSends: LargeSends;
  /** How long a message may take to leave. */
  readonly deadlineMs: number;
  /** Called when one takes longer. Keepalive does not find a client that answers pings and reads nothing. */
  readonly onLate: () => void;
}

/** The wire under one stream: a call, whose large messages wait for their turn. */
export class CallOutlet implements Outlet {
  readonly #call: Call;
  readonly #options: CallOutletOptions;
  /** What was written and not answered, in order: the permit of each that is large. */
  readonly #unanswered: (Permit | undefined)[] = [];
  /** For the message that is written next. */
  #permit: Permit | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(call: Call, options: CallOutletOptions) {
    this.#call = call;
    this.#options = options;
    call.once("close", () => this.#letGo());
  }

  admits(bytes: number, retry: () => void): boolean {
    if (bytes <= largeBytes || this.#permit !== undefined) return true;
    if (this.#isOver) return false;
    this.#permit = this.#options.largeSends.take(this, bytes, retry);
    return this.#permit !== undefined;
  }

  write(message: Buffer, done: () => void): void {
    this.#unanswered.push(this.#permit);
    this.#permit = undefined;
    this.#deadline = setTimeout(this.#options.onLate, this.#options.deadlineMs);
    this.#call.write(message, () => {
      clearTimeout(this.#deadline);
      done();
    });
  }

  answered(): void {
    this.#unanswered.shift()?.giveBack();
  }

  end(reason: EndReason, message: string): void {
    this.#letGo();
    endCall(this.#call, reason, message);
  }

  #letGo(): void {
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#options.largeSends.forget(this);
    this.#permit?.giveBack();
    for (const permit of this.#unanswered.splice(0)) permit?.giveBack();
  }
}

/** Ends a call with a status. */
export function endCall(call: Call, reason: EndReason, message: string): void {
  // grpc-js turns an error event into the call's status.
  call.emit("error", { code: statuses[reason], details: message, metadata: new Metadata() });
}

const statuses: Readonly<Record<EndReason, status>> = {
  "invalid-argument": status.INVALID_ARGUMENT,
  "permission-denied": status.PERMISSION_DENIED,
  "resource-exhausted": status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE,
  internal: status.INTERNAL,
};
