import { gatewayResourceKey, type NamespacedName } from "../core/keys.ts";
import { caSecretName, parseCaSecretName } from "../translate/envoy/names.ts";
import type { ClusterNode, EnvoyListener } from "../translate/nodes.ts";
import type { Culprit } from "../xds/culprit.ts";
import type { Translator } from "./translator.ts";

/**
 * The authorities that were meant where Envoy says no to a certificate: it looks at what belongs together once it has all of
 * it, and names what came last. A certificate that a whole Gateway shows must not go for what somebody's backend is trusted by.
 */
export function blamedAuthorities(
  { routing }: Pick<Translator, "routing">,
  { gateway, resource: { type, name }, words }: Culprit,
): "none" | readonly string[] {
  const isMeant = type === "secret" && parseCaSecretName(name) === undefined && ofAuthorities.test(words);
  if (!isMeant) return "none";
  const prefix = gatewayResourceKey(gateway, "");
  const isOwn = ([key]: readonly [string, unknown]) => key.startsWith(prefix);
  const ofListeners = [...routing.envoyListeners.entries()]
    .filter(isOwn)
    .flatMap(([, node]) => besideChains(node, name));
  const ofClusters = [...routing.clusters.entries()].filter(isOwn).flatMap(([, node]) => besideCluster(node, name));
  return [...new Set([...ofListeners, ...ofClusters].map(caSecretName))];
}

/** As Envoy says it of what backends, and of what clients, are trusted by. */
const ofAuthorities = /Failed to load trusted (?:client )?CA certificates/;

function besideChains({ chains }: EnvoyListener, secret: string): readonly (readonly NamespacedName[])[] {
  return chains.flatMap(({ tls }) => {
    const configMaps = tls?.clientValidation?.configMaps ?? [];
    return configMaps.length > 0 && tls?.secrets.some((own) => own === secret) === true ? [configMaps] : [];
  });
}

function besideCluster({ tls }: ClusterNode, secret: string): readonly (readonly NamespacedName[])[] {
  if (tls?.kind !== "tls" || tls.clientCertificate !== secret) return [];
  const { authorities } = tls.settings;
  return authorities.kind === "configMaps" ? [authorities.names] : [];
}
