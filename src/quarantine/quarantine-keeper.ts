import {
  type Kind,
  type NamespacedName,
  namespacedName,
  type ObjectByKind,
  type ObjectKey,
  parseObjectKey,
} from "../core/keys.ts";
import { type Quarantine, quarantineLimits } from "../core/quarantine.ts";
import { backoff, type Scheduler } from "../core/scheduler.ts";
import { crowdedOut } from "./crowded-out.ts";
import type { QuarantineChange, QuarantineStore } from "./quarantine-store.ts";

/** Takes objects: what a source delivers to. */
export interface ObjectTaker {
  set<K extends Kind>(kind: K, name: NamespacedName, object: ObjectByKind[K]): void;
  delete(kind: Kind, name: NamespacedName): void;
}

/** What a keeper of quarantines needs. Timers and chance are parameters, so that tests hold them still. */
export interface QuarantineKeeperOptions {
  readonly store: QuarantineStore;
  readonly scheduler: Scheduler;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  readonly log: { readonly warn: (fields: object, message: string) => void };
  /** Whether what it is about is still there, and not a newer one. */
  readonly isCurrent: (quarantine: Quarantine) => boolean;
  /** Something counts otherwise: a flush is due. */
  readonly changed: () => void;
}

/** Kinds that decide, besides the Service, what its clusters are like: how they speak TLS, say. */
const behindClusters: ReadonlySet<Kind> = new Set<Kind>([
  "BackendTLSPolicy",
  "ConfigMap",
  "Gateway",
  "GatewayParameters",
]);

/** Kinds whose quarantines may be over when another object changes. */
const isBehindOthers: ReadonlySet<Kind> = new Set<Kind>(["Service", "ConfigMap"]);

/** Waits after failed writes, and between two warnings, in milliseconds. */
const pace = { retry: { first: 500, most: 60_000 }, warnEvery: 10_000 } as const;

/**
 * Keeps what proxies have refused. It counts at once on the replica that finds it, and is stored after that by any replica;
 * what is over is taken away by the leader alone. Few ever come at once, so there is one write at a time.
 */
export class QuarantineKeeper {
  readonly #options: QuarantineKeeperOptions;
  /** All that count, by name. */
  readonly #known = new Map<string, Quarantine>();
  readonly #byObject = new Map<string, Set<string>>();
  readonly #stored = new Set<string>();
  /** To be taken out of the store. */
  readonly #ended = new Set<string>();
  readonly #due = new Set<string>();
  #target: ObjectTaker | undefined;
  #leading = false;
  #stopped = false;
  #busy: Promise<void> | undefined;
  #failures = 0;
  #cancelRetry: (() => void) | undefined;
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(options: QuarantineKeeperOptions) {
    this.#options = options;
  }

  /** All that count, the newest last. */
  get all(): readonly Quarantine[] {
    return [...this.#known.values()];
  }

  /** Stands between a source of objects and the translation, which is told at once what was kept from before. */
  sink(target: ObjectTaker, kept: readonly Quarantine[] = []): ObjectTaker {
    this.#target = target;
    for (const quarantine of kept) this.#setStored(quarantine.metadata.name, quarantine);
    return {
      set: (kind, name, object) => {
        if (object.kind === "Quarantine") this.#setStored(name, object);
        else target.set(kind, name, object);
      },
      delete: (kind, name) => {
        if (kind === "Quarantine") this.#lost(name);
        else target.delete(kind, name);
      },
    };
  }

  /** Takes what a proxy has refused. It counts at once. */
  add(quarantine: Quarantine): void {
    const { name } = quarantine.metadata;
    if (this.#stopped || this.#known.has(name)) return;
    this.#count(name, quarantine);
    this.#due.add(name);
    this.#trim();
    this.#options.changed();
    this.#drain();
  }

  /** Looks whether what is about these objects, which have changed, is over. */
  look(objects: Iterable<ObjectKey>): void {
    if (this.#known.size === 0) return;
    const prefix = "Quarantine/";
    let mayChangeClusters = false;
    for (const object of objects) {
      const names = object.startsWith(prefix) ? [object.slice(prefix.length)] : [...(this.#byObject.get(object) ?? [])];
      for (const name of names) this.#endIfOver(name);
      mayChangeClusters ||= behindClusters.has(parseObjectKey(object).kind);
    }
    if (mayChangeClusters) this.#lookBehind();
    this.#drain();
  }

  /** Clusters, and authorities that several ConfigMaps hold together. */
  #lookBehind(): void {
    const found = [...this.#byObject].filter(([object]) =>
      isBehindOthers.has(parseObjectKey(object as ObjectKey).kind),
    );
    for (const name of found.flatMap(([, names]) => [...names])) this.#endIfOver(name);
  }

  /** Tells whether this replica leads. It may only begin to once everything was translated. */
  lead(isLeader: boolean): void {
    this.#leading = isLeader;
    if (!isLeader) {
      this.#ended.clear();
      return;
    }
    for (const name of [...this.#known.keys()]) this.#endIfOver(name);
    this.#trim();
    this.#drain();
  }

  /** Writes nothing any more; resolves once no write is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    await this.#busy;
  }

  #setStored(name: string, quarantine: Quarantine): void {
    this.#stored.add(name);
    this.#due.delete(name);
    this.#count(name, quarantine);
    this.#trim();
    this.#drain();
  }

  #count(name: string, quarantine: Quarantine): void {
    this.#uncount(name);
    const { object } = quarantine.spec;
    this.#known.set(name, quarantine);
    this.#byObject.set(object, (this.#byObject.get(object) ?? new Set()).add(name));
    this.#target?.set("Quarantine", nameOf(name), quarantine);
  }

  #uncount(name: string): void {
    const before = this.#known.get(name);
    if (before === undefined) return;
    this.#known.delete(name);
    const names = this.#byObject.get(before.spec.object);
    names?.delete(name);
    if (names?.size === 0) this.#byObject.delete(before.spec.object);
  }

  /** Somebody has deleted it: what it is about gets another try. */
  #lost(name: string): void {
    this.#stored.delete(name);
    this.#ended.delete(name);
    this.#due.delete(name);
    this.#uncount(name);
    this.#target?.delete("Quarantine", nameOf(name));
  }

  #endIfOver(name: string): void {
    const quarantine = this.#known.get(name);
    if (quarantine !== undefined && !this.#options.isCurrent(quarantine)) this.#end(name);
  }

  /** What is stored is the leader's to take away. What is just being stored comes back by the watch, and is looked at again. */
  #end(name: string): void {
    if (this.#stored.has(name)) {
      if (this.#leading) this.#ended.add(name);
      return;
    }
    this.#lost(name);
    this.#options.changed();
  }

  #trim(): void {
    if (!this.#leading) return;
    const isOver = this.#known.size - this.#ended.size > quarantineLimits.all;
    const isCrowded = [...this.#byObject.values()].some((names) => names.size > quarantineLimits.ofObject);
    if (!isOver && !isCrowded) return;
    const counted = [...this.#known.values()].filter(({ metadata }) => !this.#ended.has(metadata.name));
    for (const name of crowdedOut(counted, quarantineLimits)) this.#ended.add(name);
  }

  #next(): QuarantineChange | undefined {
    for (const name of this.#due) {
      const quarantine = this.#known.get(name);
      if (quarantine !== undefined) return { kind: "create", quarantine };
      this.#due.delete(name);
    }
    for (const name of this.#ended) return { kind: "delete", name };
    return undefined;
  }

  #drain(): void {
    if (this.#busy !== undefined || this.#cancelRetry !== undefined || this.#next() === undefined) return;
    this.#busy = this.#writeAll().finally(() => {
      this.#busy = undefined;
      // What came while it ended.
      if (!this.#stopped && this.#next() !== undefined) this.#drain();
    });
  }

  async #writeAll(): Promise<void> {
    while (!this.#stopped && this.#cancelRetry === undefined) {
      const change = this.#next();
      if (change === undefined) return;
      const problem = await this.#options.store.apply(change);
      if (problem === undefined) this.#done(change);
      else this.#failed(change, problem);
    }
  }

  #done(change: QuarantineChange): void {
    this.#failures = 0;
    if (change.kind === "create") {
      const { name } = change.quarantine.metadata;
      this.#due.delete(name);
      if (!this.#known.has(name)) return;
      this.#stored.add(name);
      this.#endIfOver(name);
      return;
    }
    this.#lost(change.name);
    this.#options.changed();
  }

  /** One that cannot be written does not keep the others from it. */
  #failed(change: QuarantineChange, problem: string): void {
    const { scheduler, random, log } = this.#options;
    const name = change.kind === "create" ? change.quarantine.metadata.name : change.name;
    const waiting = change.kind === "create" ? this.#due : this.#ended;
    if (waiting.delete(name)) waiting.add(name);
    this.#failures += 1;
    if (scheduler.now() - this.#warnedAt >= pace.warnEvery) {
      this.#warnedAt = scheduler.now();
      log.warn(
        { action: change.kind, quarantine: name, problem },
        "a Quarantine could not be stored: it counts here only",
      );
    }
    this.#cancelRetry = scheduler.after(backoff(this.#failures, { ...pace.retry, random }), () => {
      this.#cancelRetry = undefined;
      this.#drain();
    });
  }
}

function nameOf(name: string): NamespacedName {
  return namespacedName(undefined, name);
}
