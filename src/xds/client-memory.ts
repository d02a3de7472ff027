import type { FleetMemory } from "./fleet-memory.ts";
import { resourcesOf } from "./response-batch.ts";
import type { TypeState } from "./type-state.ts";

/** What is remembered of one proxy from one of its streams to the next: where nobody knows what it has. */
export class ClientMemory {
  readonly #memory: FleetMemory;
  readonly #nodeId: string;

  constructor(memory: FleetMemory, nodeId: string) {
    this.#memory = memory;
    this.#nodeId = nodeId;
  }

  /** Tells a type of a new stream what earlier ones left in doubt. */
  recall(state: TypeState): void {
    state.doubt(this.#memory.doubts(this.#nodeId, state.type));
    // State of the world tells its version of everything only: what it has of names is not known anyway.
    if (state.style === "delta") state.held.lose(this.#memory.takeLost(this.#nodeId, state.type));
  }

  /** Takes over what is in doubt now; a type that was not asked for has not been told what was. */
  noteDoubts(state: TypeState): void {
    if (!state.subscription.asked) return;
    const doubts = state.doubts();
    const isNews = doubts.length > 0 || this.#memory.doubts(this.#nodeId, state.type).length > 0;
    if (isNews) this.#memory.doubt(this.#nodeId, state.type, doubts);
  }

  /** Takes over what is on its way when a stream ends, and what an earlier stream had left and this one has not cleared up. */
  noteLost(state: TypeState): void {
    this.noteDoubts(state);
    const { type, inFlight } = state;
    if (state.style !== "delta" || inFlight === undefined || inFlight.upserts.size === 0) return;
    const versions = resourcesOf(inFlight).map(({ name, version }) => [name, version] as const);
    this.#memory.lose(this.#nodeId, type, new Map(versions));
  }
}
