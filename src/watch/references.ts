import { type Kind, type NamespacedName, namespacedName, type ObjectByKind } from "../core/keys.ts";

/** The Secrets that an object's listeners name, allowed or not: those whose bytes may be needed. */
export function referencedSecrets(object: ObjectByKind[Kind]): readonly NamespacedName[] {
  if (object.kind !== "Gateway" && object.kind !== "ListenerSet") return [];
  const names = object.spec.listeners.flatMap(({ tls }) =>
    (tls?.certificateRefs ?? [])
      .filter(({ group, kind }) => group === "" && kind === "Secret")
      .map(({ namespace, name }) => namespacedName(namespace ?? object.metadata.namespace, name)),
  );
  return [...new Set(names)];
}

/** Who refers to what, so that the bytes of Secrets are kept only for as long as somebody does. */
export class ReferenceIndex {
  readonly #names = new Map<string, readonly NamespacedName[]>();
  readonly #referrers = new Map<NamespacedName, Set<string>>();

  has(name: NamespacedName): boolean {
    return this.#referrers.has(name);
  }

  /** Everything that is referred to. */
  names(): readonly NamespacedName[] {
    return [...this.#referrers.keys()];
  }

  /** Replaces what one referrer names, and says what nobody names any more. */
  set(referrer: string, names: readonly NamespacedName[]): readonly NamespacedName[] {
    const before = this.#names.get(referrer) ?? [];
    if (names.length === 0) this.#names.delete(referrer);
    else this.#names.set(referrer, names);
    for (const name of names) {
      const referrers = this.#referrers.get(name) ?? new Set();
      this.#referrers.set(name, referrers.add(referrer));
    }
    return before.filter((name) => !names.includes(name) && this.#release(name, referrer));
  }

  #release(name: NamespacedName, referrer: string): boolean {
    const referrers = this.#referrers.get(name);
    referrers?.delete(referrer);
    if (referrers === undefined || referrers.size > 0) return false;
    return this.#referrers.delete(name);
  }
}
