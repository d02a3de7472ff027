import type { ResourceType } from "../core/xds-resource.ts";

export interface AnswerClockOptions {
  /** After so long without an answer a client is stuck; after twice as long it is given up. */
  readonly stuckMs: number;
  /** Whether the client cannot answer yet because of what we owe it. */
  owes(type: ResourceType): boolean;
  onStuck(type: ResourceType): void;
  onFree(): void;
  onGivenUp(type: ResourceType): void;
}

/**
 * Watches that responses are answered. An Envoy answers clusters when they are warm: it waits for their endpoints and secrets,
 * those that never come for 15 seconds. So time counts from when a response has left, and for clusters from when nothing is
 * owed any more.
 */
export class AnswerClock {
  readonly #options: AnswerClockOptions;
  readonly #timers = new Map<ResourceType, NodeJS.Timeout>();
  readonly #stuck = new Set<ResourceType>();

  constructor(options: AnswerClockOptions) {
    this.#options = options;
  }

  get isStuck(): boolean {
    return this.#stuck.size > 0;
  }

  stuck(type: ResourceType): boolean {
    return this.#stuck.has(type);
  }

  /** Whether a type is not sent: it may depend on an answer that is late. Clusters may wait for endpoints and secrets. */
  holdsBack(type: ResourceType): boolean {
    return this.isStuck && type !== "endpoint" && type !== "secret";
  }

  /** A response has left. */
  left(type: ResourceType): void {
    clearTimeout(this.#timers.get(type));
    const timer = setTimeout(() => this.#ring(type), this.#options.stuckMs);
    timer.unref();
    this.#timers.set(type, timer);
  }

  answered(type: ResourceType): void {
    clearTimeout(this.#timers.get(type));
    this.#timers.delete(type);
    this.#free(type);
  }

  /** What was owed for a response has been paid. */
  paid(type: ResourceType): void {
    if (!this.#timers.has(type)) return;
    this.#free(type);
    this.left(type);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    if (this.#stuck.size > 0) this.#options.onFree();
    this.#stuck.clear();
  }

  #ring(type: ResourceType): void {
    const { owes, onStuck, onGivenUp } = this.#options;
    const isOwed = owes(type);
    if (isOwed || !this.#stuck.has(type)) this.left(type);
    if (isOwed) this.#free(type);
    else if (this.#stuck.has(type)) onGivenUp(type);
    else {
      this.#stuck.add(type);
      onStuck(type);
    }
  }

  #free(type: ResourceType): void {
    if (this.#stuck.delete(type) && this.#stuck.size === 0) this.#options.onFree();
  }
}
