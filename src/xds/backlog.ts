import { Halving } from "./halving.ts";
import type { Outstanding } from "./ordering.ts";
import { type Batch, oldest } from "./response-batch.ts";

interface Removal {
  /** The generation that removed it. */
  readonly at: number;
  /** Since when what the client holds has been out of date: it may have been changed before it was removed. */
  readonly since: number;
}

/** Keeps what one client has yet to be sent of one type; a name is in at most one of the sets. */
export class Backlog {
  /** New or changed resources, with the generation since which the client's content has been out of date. */
  readonly upserts = new Map<string, number>();
  readonly removals = new Map<string, Removal>();
  /** Names asked for that do not exist. */
  readonly missing = new Set<string>();
  /** Resources in doubt, in the groups in which they are tried. */
  readonly doubts = new Halving();
  readonly #doubtedSince = new Map<string, number>();

  get hasUpserts(): boolean {
    return this.upserts.size > 0 || this.doubts.size > 0;
  }

  get size(): number {
    return this.upserts.size + this.removals.size + this.missing.size + this.doubts.size;
  }

  /** Names of which the client is to be sent something. */
  *pending(): Iterable<string> {
    yield* this.upserts.keys();
    yield* this.doubts.names();
  }

  /** Takes a name out to decide anew about it; returns what was known of it. Resources in doubt stay in doubt. */
  take(name: string): { readonly since: number; readonly removedAt: number | undefined } {
    const removal = this.removals.get(name);
    const since = Math.min(this.upserts.get(name) ?? never, removal?.since ?? never);
    this.upserts.delete(name);
    this.removals.delete(name);
    this.missing.delete(name);
    return { since, removedAt: removal?.at };
  }

  /** Takes out what a response says. Resources in doubt stay until it is acknowledged. */
  begin(batch: Batch): void {
    for (const name of batch.upserts.keys()) this.upserts.delete(name);
    for (const name of batch.removals) {
      this.removals.delete(name);
      this.missing.delete(name);
    }
  }

  /** Since when a resource, in doubt or not, has been out of date. */
  since(name: string): number | undefined {
    return this.upserts.get(name) ?? this.#doubtedSince.get(name);
  }

  /** Has some resources tried together. */
  doubt(names: ReadonlyMap<string, number>): void {
    this.doubts.add(names.keys());
    for (const [name, since] of names)
      this.#doubtedSince.set(name, Math.min(since, this.#doubtedSince.get(name) ?? never));
  }

  /** Notes that one of some resources is bad; returns it when there is only one. */
  refuse(names: ReadonlyMap<string, number>): string | undefined {
    const culprit = this.doubts.failed([...names.keys()]);
    if (culprit !== undefined) this.#doubtedSince.delete(culprit);
    else this.doubt(names);
    return culprit;
  }

  settle(name: string): void {
    this.doubts.passed([name]);
    this.#doubtedSince.delete(name);
  }

  forget(name: string): void {
    this.take(name);
    this.settle(name);
  }

  /** Empties it, except for resources in doubt. */
  clear(): void {
    this.upserts.clear();
    this.removals.clear();
    this.missing.clear();
  }

  /** The oldest generation of content that is to be replaced; `counts` leaves names out. */
  oldestUpsert(counts: (name: string) => boolean = () => true): number {
    let first = never;
    for (const names of [this.upserts, this.#doubtedSince]) {
      for (const [name, since] of names) if (since < first && counts(name)) first = since;
    }
    return first;
  }

  /** The oldest generation that removed something. */
  oldestRemoval(): number {
    return oldest(Array.from(this.removals.values(), ({ at }) => at));
  }

  /** The oldest generations that are not acknowledged, with those of the response in flight. */
  outstanding(inFlight: Batch | undefined, counts?: (name: string) => boolean): Outstanding {
    const flying = Array.from(inFlight?.upserts.values() ?? [], ({ since }) => since);
    return {
      upserts: Math.min(this.oldestUpsert(counts), oldest(flying)),
      // What is being removed was allowed to be, by the generation that it had then; until it is gone it holds back all.
      removals: inFlight?.kind === "removals" ? 0 : oldest(Array.from(this.removals.values(), ({ since }) => since)),
    };
  }
}

const never = Number.POSITIVE_INFINITY;
