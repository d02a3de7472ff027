import type { Gateway, GatewayTls, ListenerSet, ObjectReference } from "../core/gateway-api.ts";
import { type Kind, type NamespacedName, namespacedName, type ObjectByKind } from "../core/keys.ts";

/** The Secrets that an object names, allowed or not: those whose bytes may be needed. */
export function referencedSecrets(object: ObjectByKind[Kind]): readonly NamespacedName[] {
  if (object.kind !== "Gateway" && object.kind !== "ListenerSet") return [];
  const clientCertificate = object.kind === "Gateway" ? object.spec.tls?.backend?.clientCertificateRef : undefined;
  const refs = [...listenerCertificates(object), ...(clientCertificate === undefined ? [] : [clientCertificate])];
  return namesOf(object, "Secret", refs);
}

/** The ConfigMaps that an object names, allowed or not: authorities that certificates are checked by. */
export function referencedConfigMaps(object: ObjectByKind[Kind]): readonly NamespacedName[] {
  switch (object.kind) {
    case "Gateway":
      return namesOf(object, "ConfigMap", clientAuthorities(object.spec.tls));
    case "BackendTLSPolicy":
      return namesOf(object, "ConfigMap", object.spec.validation.caCertificateRefs ?? []);
    default:
      return [];
  }
}

function listenerCertificates({ spec }: Gateway | ListenerSet): readonly ObjectReference[] {
  return spec.listeners.flatMap(({ tls }) => tls?.certificateRefs ?? []);
}

function clientAuthorities({ frontend }: GatewayTls = {}): readonly ObjectReference[] {
  const configs = [frontend?.default, ...(frontend?.perPort ?? []).map(({ tls }) => tls)];
  return configs.flatMap((config) => config?.validation?.caCertificateRefs ?? []);
}

function namesOf(
  { metadata }: ObjectByKind[Kind],
  wanted: "Secret" | "ConfigMap",
  refs: readonly ObjectReference[],
): readonly NamespacedName[] {
  const names = refs
    .filter(({ group, kind }) => group === "" && kind === wanted)
    .map(({ namespace = metadata.namespace, name }) => namespacedName(namespace, name));
  return [...new Set(names)];
}

/** Who refers to what, so that the bytes of Secrets and ConfigMaps are kept only for as long as somebody does. */
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
