import { gatewayResourceKey, type NamespacedName } from "../core/keys.ts";
import type { FilterChain } from "../translate/nodes.ts";
import type { Culprit } from "../xds/culprit.ts";
import type { Translator } from "./translator.ts";

/**
 * Certificates that were refused together. Envoy looks at the certificates of a filter chain once it has all of them, and
 * says no to the one that came last: of several new ones another may be bad. Then the chain is refused without that one too,
 * and with it the whole listener, which belongs to others as well: the rest of the chain goes the same way.
 */
export class CertificateMates {
  readonly #translator: Pick<Translator, "routing">;
  /** By Gateway. */
  readonly #mates = new Map<NamespacedName, Set<NamespacedName>>();

  constructor(translator: Pick<Translator, "routing">) {
    this.#translator = translator;
  }

  /** Remembers the other certificates of the chains that a refused one is in. */
  note({ gateway, resource }: Culprit): void {
    const known = this.#mates.get(gateway) ?? new Set();
    for (const [key, { chains }] of this.#translator.routing.envoyListeners.entries()) {
      if (!key.startsWith(gatewayResourceKey(gateway, ""))) continue;
      const shared = chains.map(secretsOf).filter((secrets) => secrets.some((secret) => secret === resource.name));
      for (const secret of shared.flat()) if (secret !== resource.name) known.add(secret);
    }
    if (known.size > 0) this.#mates.set(gateway, known);
  }

  /** Those of a refused listener, which are remembered no more. */
  of({ gateway, resource }: Culprit): readonly NamespacedName[] {
    const known = this.#mates.get(gateway);
    if (known === undefined) return [];
    const { chains = [] } =
      this.#translator.routing.envoyListeners.get(gatewayResourceKey(gateway, resource.name)) ?? {};
    const found = [...new Set(chains.flatMap(secretsOf))].filter((secret) => known.delete(secret));
    if (known.size === 0) this.#mates.delete(gateway);
    return found;
  }
}

function secretsOf({ tls }: FilterChain): readonly NamespacedName[] {
  return tls?.secrets ?? [];
}
