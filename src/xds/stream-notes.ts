import type { ResourceType } from "../core/xds-resource.ts";
import type { TypeReport } from "./stream-report.ts";
import type { TypeState } from "./type-state.ts";

type Note = Partial<Pick<TypeReport, "sentVersion" | "sentAt" | "lastNack">>;

/** Keeps what happened last to each type of a stream, for the debug page. */
export class StreamNotes {
  readonly #notes = new Map<ResourceType, Note>();

  note(type: ResourceType, note: Note): void {
    this.#notes.set(type, { ...this.#notes.get(type), ...note });
  }

  report(state: TypeState, stuck: boolean): TypeReport {
    return {
      type: state.type,
      wildcard: state.subscription.wildcard,
      names: state.subscription.names.size,
      acknowledged: state.held.size,
      kept: state.size,
      inFlight: state.inFlight !== undefined,
      stuck,
      ...this.#notes.get(state.type),
    };
  }
}
