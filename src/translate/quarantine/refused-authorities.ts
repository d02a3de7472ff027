import type { Collection, Transform } from "../../collection/collection.ts";
import { gatewayResourceKey, type NamespacedName, type ObjectKey, parseObjectKey } from "../../core/keys.ts";
import type { Quarantine } from "../../core/quarantine.ts";
import { type CaBundle, joinAuthorities } from "../ca-bundle.ts";
import { parseCaSecretName } from "../envoy/names.ts";
import { printAuthorities } from "../envoy/secret.ts";

/**
 * Finds the authorities that proxies have refused as they are now, with Envoy's words. Keyed by
 * gatewayResourceKey(gateway, their SDS name).
 */
export function findRefusedAuthorities(
  caBundles: Collection<CaBundle>,
): Transform<ReadonlyMap<string, Quarantine>, string> {
  return (read, object, quarantines) => {
    // Quarantines are grouped by object.
    const { kind, name } = parseObjectKey(object as ObjectKey);
    if (kind !== "ConfigMap") return [];
    const found = new Map<string, string>();
    for (const { spec } of quarantines.values()) {
      const configMaps = parseCaSecretName(spec.part);
      // Of several that are sent together each has a quarantine, and the first counts.
      if (configMaps === undefined || configMaps[0] !== name) continue;
      const { version } = printAuthorities(spec.part, joinAuthorities(read, caBundles, configMaps));
      if (spec.hashes.includes(version)) {
        found.set(gatewayResourceKey(spec.gateway as NamespacedName, spec.part), spec.words);
      }
    }
    return found;
  };
}
