import { equal } from "../collection/equal.ts";
import type { FleetSpec, FleetState } from "../core/fleet.ts";
import type { RawObject } from "../core/kube-client.ts";
import { contentOf, isAsWanted } from "./apply/apply-object.ts";
import { type FleetObject, type FleetObjectKind, fleetAnnotations } from "./render/fleet-object.ts";

/** What the control plane remembers of one fleet from one look at it to the next. */
export class FleetMemory {
  spec: FleetSpec;
  wanted: readonly FleetObject[];
  state: FleetState | undefined;
  /** What the API server has refused, in its words; undefined when all is applied. */
  refusal: string | undefined;
  /** The generation of the Deployment that was last seen Ready. */
  readyGeneration: number | undefined;
  /** Nobody wants the fleet any more. */
  isDropped = false;
  /** Calls the next attempt off. */
  cancelRetry: (() => void) | undefined;
  #failures = 0;
  readonly #answers = new Map<FleetObjectKind, Answer>();
  readonly #repairs = new Map<FleetObjectKind, { readonly count: number; readonly at: number }>();

  constructor(spec: FleetSpec, wanted: readonly FleetObject[]) {
    this.spec = spec;
    this.wanted = wanted;
  }

  /** Starts afresh with what is wanted now. */
  want(spec: FleetSpec, wanted: readonly FleetObject[]): void {
    this.spec = spec;
    this.wanted = wanted;
    this.settle();
  }

  /** Ends what is under way. */
  drop(): void {
    this.isDropped = true;
    this.settle();
  }

  /** Forgets failures. */
  settle(): void {
    this.cancelRetry?.();
    this.cancelRetry = undefined;
    this.#failures = 0;
  }

  /** Milliseconds to wait after one more failure: doubled each time, up to five minutes. */
  nextDelay(random: () => number): number {
    const most = Math.min(firstDelay * 2 ** this.#failures, longestDelay);
    this.#failures++;
    return most * (0.5 + random() / 2);
  }

  /** Notes what the API server made of what we applied: admission may have changed it, and that is no drift. */
  noteAnswer(wanted: FleetObject, object: RawObject): void {
    const { uid } = object.metadata;
    this.#answers.set(wanted.kind, { uid, applied: digestIn(wanted.metadata), fields: contentOf(wanted, object) });
  }

  /** Forgets what was answered: another leader has applied since. */
  forgetAnswers(): void {
    this.#answers.clear();
  }

  /** Whether what was last applied of an object is what is wanted now. It says so itself, unless admission took that away. */
  isApplied(wanted: FleetObject, { metadata }: RawObject): boolean {
    const digest = digestIn(wanted.metadata);
    const answer = this.#answers.get(wanted.kind);
    return digestIn(metadata) === digest || (answer?.applied === digest && answer?.uid === metadata.uid);
  }

  /** Whether somebody has changed an object since we applied it. */
  hasDrifted(wanted: FleetObject, observed: RawObject): boolean {
    if (isAsWanted(wanted, observed)) return false;
    const answer = this.#answers.get(wanted.kind);
    if (answer === undefined || answer.applied !== digestIn(wanted.metadata)) return true;
    return !equal(answer.fields, contentOf(wanted, observed));
  }

  noteRepair(kind: FleetObjectKind, now: number): void {
    const last = this.#repairs.get(kind);
    const count = last === undefined || now - last.at > 2 * longestDelay ? 0 : last.count;
    this.#repairs.set(kind, { count: count + 1, at: now });
  }

  /** Milliseconds until an object may be repaired again: at once, but not in a fight with another controller. */
  repairDelay(kind: FleetObjectKind, now: number): number {
    const last = this.#repairs.get(kind);
    if (last === undefined) return 0;
    return Math.max(0, last.at + Math.min(firstDelay * 2 ** (last.count - 1), longestDelay) - now);
  }
}

interface Answer {
  readonly uid: string | undefined;
  readonly applied: string | undefined;
  readonly fields: unknown;
}

const firstDelay = 1_000;
const longestDelay = 300_000;

function digestIn({ annotations }: RawObject["metadata"]): string | undefined {
  return annotations?.[fleetAnnotations.applied];
}
