import type { Collection, Transform } from "../../collection/collection.ts";
import { gatewayResourceKey, type NamespacedName, type ObjectKey, parseObjectKey } from "../../core/keys.ts";
import type { Quarantine } from "../../core/quarantine.ts";
import { secretName } from "../envoy/names.ts";
import { printSecret } from "../envoy/secret.ts";
import type { Certificate } from "../nodes.ts";

/**
 * Finds the Secrets whose certificate proxies have refused as it is now, with Envoy's words. Keyed by
 * gatewayResourceKey(gateway, secret): a Gateway whose proxies take it goes on serving it.
 */
export function findRefusedCertificates(
  certificates: Collection<Certificate>,
): Transform<ReadonlyMap<string, Quarantine>, string> {
  return (read, object, quarantines) => {
    // Quarantines are grouped by object.
    const { kind, name } = parseObjectKey(object as ObjectKey);
    const certificate = kind === "Secret" ? read.get(certificates, name) : undefined;
    if (certificate?.kind !== "valid") return [];
    const { version } = printSecret(secretName(name), certificate);
    return [...quarantines.values()]
      .filter(({ spec }) => spec.hashes.includes(version))
      .map(({ spec }) => [gatewayResourceKey(spec.gateway as NamespacedName, secretName(name)), spec.words] as const);
  };
}
