import type { Backlog } from "./backlog.ts";
import { type HeldContent, unknownVersion } from "./held-content.ts";
import { clustersNamedBy } from "./named-clusters.ts";
import type { KeptTable } from "./ordering.ts";

/** Keeps what a client goes on using of one type though the table holds something else, of which something was refused. */
export class KeptNames {
  /** Since when it is out of date. */
  readonly #since = new Map<string, number>();
  /** What the client refused and has nothing in place of. */
  readonly #withheld = new Set<string>();

  get size(): number {
    return this.#since.size + this.#withheld.size;
  }

  get withheld(): ReadonlySet<string> {
    return this.#withheld;
  }

  since(name: string): number {
    return this.#since.get(name) ?? Number.POSITIVE_INFINITY;
  }

  keep(name: string, since: number, held: HeldContent): void {
    this.#since.set(name, since);
    if (!held.has(name)) this.#withheld.add(name);
  }

  /** The client has something under the name, or it is decided anew. */
  hasContent(name: string): void {
    this.#withheld.delete(name);
  }

  release(name: string): void {
    this.#since.delete(name);
    this.#withheld.delete(name);
  }

  clear(): void {
    this.#since.clear();
    this.#withheld.clear();
  }

  /** Each table that is kept, or blocked, with the clusters of the form that the client runs; a listener may name none. */
  tables(held: HeldContent, backlog: Backlog, isBlocked: (name: string) => boolean): readonly KeptTable[] {
    const blocked = [...backlog.upserts.keys(), ...backlog.doubts.names()].filter(isBlocked);
    const kept = [...this.#since.keys()].filter((name) => backlog.since(name) === undefined);
    return [...blocked, ...kept]
      .filter((name) => held.version(name) !== undefined)
      .flatMap((name) => {
        const form = held.version(name) === unknownVersion ? undefined : held.form(name);
        if (form?.type === "listener" && form.clusters === undefined) return [];
        const since = Math.min(backlog.since(name) ?? Number.POSITIVE_INFINITY, this.since(name));
        return [{ since, clusters: form && clustersNamedBy(form) }];
      });
  }
}
