/** Certificates as Envoy takes them: every Secret is read and checked once, before anything refers to it. */
import { createPrivateKey, createPublicKey, type KeyObject, type X509Certificate } from "node:crypto";
import type { Transform } from "../collection/collection.ts";
import type { Secret } from "../core/kubernetes.ts";
import { canonicalKey } from "./certificate-key.ts";
import { leafProblems } from "./certificate-leaf.ts";
import type { Certificate } from "./nodes.ts";
import { maxPemBytes, type PemBlock, pemBlocks, readCertificates } from "./pem.ts";

/** Whether a Secret holds a usable certificate, without its bytes: a rotated certificate changes nothing here. */
export type CertificateState =
  | { readonly kind: "valid"; readonly unservable?: string }
  | { readonly kind: "invalid"; readonly message: string };

/** Reads one Secret. Equal content gives equal bytes whatever its line ends, blanks and comments. */
export const readCertificate: Transform<Secret, Certificate> = (_read, key, secret) => [[key, parseSecret(secret)]];

/** Narrows a certificate to what listeners need to know about it. */
export const certificateState: Transform<Certificate, CertificateState> = (_read, key, certificate) => [
  [key, certificate.kind === "valid" ? stateOf(certificate) : { kind: "invalid", message: certificate.message }],
];

function stateOf({ unservable }: Extract<Certificate, { kind: "valid" }>): CertificateState {
  return { kind: "valid", ...(unservable !== undefined && { unservable }) };
}

const maxChainLength = 32;

type Parsed<T> =
  | { readonly kind: "parsed"; readonly value: T }
  | { readonly kind: "invalid"; readonly message: string };

function parseSecret(secret: Secret): Certificate {
  if (secret.type !== "kubernetes.io/tls") return invalid(`is of type ${secret.type}, not kubernetes.io/tls`);
  const chain = parseChain(secret);
  if (chain.kind === "invalid") return chain;
  const key = parseKey(secret);
  if (key.kind === "invalid") return key;
  const [leaf] = chain.value;
  if (leaf === undefined || !fits(leaf, key.value)) return invalid("has a tls.key that does not fit its certificate");
  if (!holdsKey(leaf, key.value)) return invalid("has a certificate in tls.crt whose public key is written oddly");
  const { unusable, unservable } = leafProblems(leaf.raw, key.value.asymmetricKeyType);
  if (unusable !== undefined) return invalid(unusable);
  return {
    kind: "valid",
    ...(unservable !== undefined && { unservable }),
    chainPem: chain.value.map((certificate) => certificate.toString()).join(""),
    keyPem: key.value.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function parseChain(secret: Secret): Parsed<readonly X509Certificate[]> {
  const blocks = pemOf(secret, "tls.crt");
  if (blocks.kind === "invalid") return blocks;
  const encoded = blocks.value.filter(({ label }) => label === "CERTIFICATE");
  if (encoded.length === 0) return invalid("has no certificate in tls.crt");
  if (encoded.length > maxChainLength) return invalid(`has more than ${maxChainLength} certificates in tls.crt`);
  const chain = readCertificates(encoded);
  return typeof chain === "string" ? invalid(`has a certificate in tls.crt that ${chain}`) : parsed(chain);
}

function parseKey(secret: Secret): Parsed<KeyObject> {
  const blocks = pemOf(secret, "tls.key");
  if (blocks.kind === "invalid") return blocks;
  const keys = blocks.value.filter(({ label }) => label.endsWith("PRIVATE KEY")); // passes over EC PARAMETERS
  const [first] = keys;
  if (first === undefined) return invalid("has no private key in tls.key");
  if (keys.length > 1) return invalid("has more than one private key in tls.key");
  try {
    const key = createPrivateKey({ key: first.pem, format: "pem" });
    const checked = checkStrength(key);
    if (checked.kind === "invalid") return checked;
    const canonical = canonicalKey(key);
    return canonical === undefined
      ? invalid("has a private key whose numbers do not fit each other")
      : parsed(canonical);
  } catch {
    // An encrypted key fails here too: there is no passphrase to give.
    return invalid("has a private key in tls.key that cannot be parsed, or is encrypted");
  }
}

/** Envoy refuses a Secret with any other kind of key (seen with 1.40). */
function checkStrength(key: KeyObject): Parsed<KeyObject> {
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case "rsa":
      if (modulusLength < 2048 || modulusLength > 16_384) {
        return invalid("has an RSA key that is not of 2048 to 16384 bits");
      }
      return parsed(key);
    case "ec":
      if (!curves.has(namedCurve)) return invalid("has an EC key on another curve than P-256, P-384 or P-521");
      return parsed(key);
    case "ed25519":
      return parsed(key);
    default:
      return invalid("has a private key that is neither RSA, ECDSA nor Ed25519");
  }
}

const curves: ReadonlySet<string> = new Set(["prime256v1", "secp384r1", "secp521r1"]);

function fits(leaf: X509Certificate, key: KeyObject): boolean {
  try {
    return leaf.checkPrivateKey(key);
  } catch {
    // A certificate whose own key cannot be read fits no key.
    return false;
  }
}

/** Whether the public key stands in the certificate as everybody writes it: by the name of its curve, say. */
function holdsKey(leaf: X509Certificate, key: KeyObject): boolean {
  return leaf.raw.includes(createPublicKey(key).export({ type: "spki", format: "der" }));
}

function pemOf(secret: Secret, field: "tls.crt" | "tls.key"): Parsed<readonly PemBlock[]> {
  const encoded = secret.data !== undefined && Object.hasOwn(secret.data, field) ? secret.data[field] : undefined;
  if (encoded === undefined || encoded === "") return invalid(`has no ${field}`);
  if (encoded.length > maxPemBytes * 2) return invalid(`has a ${field} of more than ${maxPemBytes / 1024} KiB`);
  const compact = encoded.replace(/\s/g, "");
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact))
    return invalid(`has a ${field} that is not base64`);
  const text = Buffer.from(compact, "base64").toString("latin1");
  if (text.length > maxPemBytes) return invalid(`has a ${field} of more than ${maxPemBytes / 1024} KiB`);
  const blocks = pemBlocks(text);
  return blocks === undefined ? invalid(`has a ${field} that is not PEM`) : { kind: "parsed", value: blocks };
}

function parsed<T>(value: T): Parsed<T> {
  return { kind: "parsed", value };
}

function invalid(message: string): { readonly kind: "invalid"; readonly message: string } {
  return { kind: "invalid", message };
}
