/** Authorities as Envoy takes them: every ConfigMap is read and checked once, before anything refers to it. */
import type { Collection, Reader, Transform } from "../collection/collection.ts";
import type { NamespacedName } from "../core/keys.ts";
import type { ConfigMap } from "../core/kubernetes.ts";
import { maxPemBytes, type PemBlock, pemBlocks, readCertificates } from "./pem.ts";

/** The `ca.crt` of a ConfigMap that was read and checked. */
export type CaBundle =
  | { readonly kind: "valid"; readonly pem: string }
  | { readonly kind: "invalid"; readonly message: string };

/** Whether a ConfigMap holds usable authorities, without their bytes: rotated ones change nothing here. */
export type CaBundleState = { readonly kind: "valid" } | { readonly kind: "invalid"; readonly message: string };

/** Reads the `ca.crt` of one ConfigMap. Equal content gives equal bytes whatever its line ends, blanks and comments. */
export const readCaBundle: Transform<ConfigMap, CaBundle> = (_read, key, configMap) => [[key, parseBundle(configMap)]];

/** Narrows a bundle to what those who refer to it need to know about it. */
export const caBundleState: Transform<CaBundle, CaBundleState> = (_read, key, bundle) => [
  [key, bundle.kind === "valid" ? { kind: "valid" } : bundle],
];

/** The authorities of several ConfigMaps, as they are sent; empty where none can be used. */
export function joinAuthorities(
  read: Reader,
  caBundles: Collection<CaBundle>,
  configMaps: readonly NamespacedName[],
): string {
  const bundles = configMaps.map((configMap) => read.get(caBundles, configMap));
  return bundles.map((bundle) => (bundle?.kind === "valid" ? bundle.pem : "")).join("");
}

/** The system's own bundles have some 150. */
const maxAuthorities = 300;

function parseBundle({ data }: ConfigMap): CaBundle {
  const text = data !== undefined && Object.hasOwn(data, field) ? data[field] : undefined;
  if (text === undefined || text.trim() === "") return invalid(`has no ${field}`);
  if (text.length > maxPemBytes) return invalid(`has a ${field} of more than ${maxPemBytes / 1024} KiB`);
  const blocks = pemBlocks(text);
  if (blocks === undefined) return invalid(`has a ${field} that is not PEM`);
  if (blocks.some(({ label }) => label.endsWith("PRIVATE KEY"))) return invalid(`has a private key in ${field}`);
  return bundleOf(blocks.filter(({ label }) => label === "CERTIFICATE"));
}

function bundleOf(encoded: readonly PemBlock[]): CaBundle {
  if (encoded.length === 0) return invalid(`has no certificate in ${field}`);
  if (encoded.length > maxAuthorities) return invalid(`has more than ${maxAuthorities} certificates in ${field}`);
  const certificates = readCertificates(encoded);
  if (typeof certificates === "string") return invalid(`has a certificate in ${field} that ${certificates}`);
  return { kind: "valid", pem: [...new Set(certificates.map((certificate) => certificate.toString()))].join("") };
}

const field = "ca.crt";

function invalid(message: string): CaBundle {
  return { kind: "invalid", message };
}
