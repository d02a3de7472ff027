import { type NamespacedName, objectKey, parseNamespacedName } from "../../core/keys.ts";
import type { ConfigMap, ObjectMeta, Secret } from "../../core/kubernetes.ts";
import { createAuthority, issueCertificate } from "../../identity/authority.ts";
import type { PlacedObject } from "./world.ts";

/** Makes Secrets that count as usable certificates and certify nothing, for Secrets that nobody may read. */
export async function standInSecrets(
  names: ReadonlySet<NamespacedName>,
  now: number,
): Promise<readonly PlacedObject[]> {
  if (names.size === 0) return [];
  // An authority's own certificate is for signing others, and no proxy would serve with it.
  const subject = { dnsNames: ["stand-in.invalid"], uri: "urn:gatehouse:stand-in" };
  const authority = await createAuthority(now, lifeMs);
  const { cert, key } = await issueCertificate(authority, { usages: ["server"], ...subject, now, lifeMs });
  const data = { "tls.crt": base64(cert), "tls.key": base64(key) };
  return [...names].sort().map((name) => {
    const metadata = metadataOf(name);
    const object: Secret = { apiVersion: "v1", kind: "Secret", metadata, type: "kubernetes.io/tls", data };
    return { kind: "Secret", name, key: objectKey("Secret", name), object, standIn: true };
  });
}

/** Makes ConfigMaps that count as usable authorities and trust nobody, for ConfigMaps that may not be read. */
export async function standInConfigMaps(
  names: ReadonlySet<NamespacedName>,
  now: number,
): Promise<readonly PlacedObject[]> {
  if (names.size === 0) return [];
  const { cert } = await createAuthority(now, lifeMs);
  return [...names].sort().map((name) => {
    const metadata = metadataOf(name);
    const object: ConfigMap = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "ca.crt": cert } };
    return { kind: "ConfigMap", name, key: objectKey("ConfigMap", name), object, standIn: true };
  });
}

function metadataOf(name: NamespacedName): ObjectMeta {
  const { namespace, name: own } = parseNamespacedName(name);
  return {
    name: own,
    ...(namespace !== undefined && { namespace }),
    generation: 1,
    creationTimestamp: "1970-01-01T00:00:00Z",
  };
}

const lifeMs = 60 * 60 * 1000;

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
