import type { Kind, NamespacedName, ObjectByKind, ObjectKey } from "../core/keys.ts";
import type { RawObject } from "../core/kube-client.ts";
import { type NamedKind, NamedWatch, type NamedWatchOptions } from "./named-watch.ts";
import { referencedConfigMaps, referencedSecrets } from "./references.ts";

/** What the watches of named objects need, and who hears of what is named. */
export interface ReferredObjectsOptions extends Omit<NamedWatchOptions, "kind" | "selector" | "set" | "delete"> {
  /** A label selector: other Secrets are not looked at. */
  readonly secretSelector: string | undefined;
  readonly set: (kind: NamedKind, name: NamespacedName, object: RawObject) => void;
  readonly delete: (kind: NamedKind, name: NamespacedName) => void;
}

interface Referral {
  /** Kinds that name such objects: they are read before. */
  readonly by: readonly Kind[];
  readonly names: (object: ObjectByKind[Kind]) => readonly NamespacedName[];
}

const referrals = {
  Secret: { by: ["Gateway", "ListenerSet"], names: referencedSecrets },
  ConfigMap: { by: ["Gateway", "BackendTLSPolicy"], names: referencedConfigMaps },
} as const satisfies Record<NamedKind, Referral>;

const namedKinds = Object.keys(referrals) as readonly NamedKind[]; // keys of a literal table

/** Whether objects of a kind are read only where others name them. */
export function isNamedKind(kind: Kind): kind is NamedKind {
  return Object.hasOwn(referrals, kind);
}

/** Whether objects of a kind name such objects. */
export function isReferring(kind: Kind): boolean {
  return namedKinds.some((named) => refers(kind, named));
}

/** Keeps the Secrets and ConfigMaps that other objects name, and no others. */
export class ReferredObjects {
  readonly #watches: readonly { readonly kind: NamedKind; readonly watch: NamedWatch }[];

  constructor({ secretSelector, set, delete: remove, ...shared }: ReferredObjectsOptions) {
    this.#watches = namedKinds.map((kind) => ({
      kind,
      watch: new NamedWatch({
        ...shared,
        kind,
        selector: kind === "Secret" ? secretSelector : undefined,
        set: (name, object) => set(kind, name, object),
        delete: (name) => remove(kind, name),
      }),
    }));
  }

  /** Begins with what is known by now which objects name: what is referred to then comes with the first lists. */
  startAfter(isSynced: (kind: Kind) => boolean): void {
    for (const { kind, watch } of this.#watches) if (referrals[kind].by.every(isSynced)) watch.start();
  }

  /** Whether everything that is referred to is delivered, as far as it is there. */
  get synced(): boolean {
    return this.#watches.every(({ watch }) => watch.synced);
  }

  /** The kinds of which that is not so. */
  unread(): readonly NamedKind[] {
    return this.#watches.flatMap(({ kind, watch }) => (watch.synced ? [] : [kind]));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watches.map(({ watch }) => watch.stop()));
  }

  /** Fetches what an object names that is about to be delivered; undefined when there is nothing to wait for. */
  prepare(key: ObjectKey, object: ObjectByKind[Kind]): Promise<unknown> | undefined {
    const prepared = this.#watches.flatMap(({ kind, watch }) => {
      const names = referrals[kind].names(object);
      watch.refer(upcoming(key), names);
      return watch.prepare(names) ?? [];
    });
    return prepared.length === 0 ? undefined : Promise.all(prepared);
  }

  /** An object is delivered: what only its forerunner named is withdrawn. */
  delivered(key: ObjectKey, object: ObjectByKind[Kind]): void {
    for (const { kind, watch } of this.#watches) watch.refer(key, referrals[kind].names(object));
    this.abandon(key);
  }

  /** What was about to be delivered will not be. */
  abandon(key: ObjectKey): void {
    for (const { watch } of this.#watches) watch.refer(upcoming(key), []);
  }

  /** An object is gone. */
  removed(key: ObjectKey): void {
    this.abandon(key);
    for (const { watch } of this.#watches) watch.refer(key, []);
  }
}

function refers(kind: Kind, named: NamedKind): boolean {
  const by: readonly Kind[] = referrals[named].by;
  return by.includes(kind);
}

/** Stands for what an object names that is not delivered yet: what the delivered one names stays meanwhile. */
function upcoming(key: ObjectKey): string {
  return `${key} next`;
}
