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
  /** Resources in doubt, as upserts: each is sent by itself. */
  readonly alone = new Map<string, number>();

  get hasUpserts(): boolean {
    return this.upserts.size > 0 || this.alone.size > 0;
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

  forget(name: string): void {
    this.take(name);
    this.alone.delete(name);
  }

  /** Empties it, except for resources in doubt. */
  clear(): void {
    this.upserts.clear();
    this.removals.clear();
    this.missing.clear();
  }

  oldestUpsert(): number {
    return Math.min(oldest(this.upserts.values()), oldest(this.alone.values()));
  }

  /** The oldest generation that removed something. */
  oldestRemoval(): number {
    return oldest(Array.from(this.removals.values(), ({ at }) => at));
  }

  /** The oldest generations that are not acknowledged, with those of the response in flight. */
  outstanding(inFlight: Batch | undefined): Outstanding {
    const flying = Array.from(inFlight?.upserts.values() ?? [], ({ since }) => since);
    return {
      upserts: Math.min(this.oldestUpsert(), oldest(flying)),
      // What is being removed was allowed to be, by the generation that it had then; until it is gone it holds back all.
      removals: inFlight?.kind === "removals" ? 0 : oldest(Array.from(this.removals.values(), ({ since }) => since)),
    };
  }
}

const never = Number.POSITIVE_INFINITY;
