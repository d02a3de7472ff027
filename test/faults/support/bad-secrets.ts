import { createPrivateKey, generateKeyPairSync, webcrypto } from "node:crypto";
import { PemConverter, X509CertificateGenerator } from "@peculiar/x509";
import type { Secret } from "../../../src/core/kubernetes.ts";
import { type CertificateAuthority, type IssuedCertificate, issueCertificate } from "../../support/certificates.ts";
import { tlsSecret } from "../../support/gateway-objects.ts";
import {
  commonName,
  keyUsage,
  type OddParts,
  oddCertificate,
  pemOfDer,
  pemOfKey,
  sequence,
  setOf,
  tlsFeatures,
} from "../../support/odd-certificates.ts";

/** A Secret by what is wrong with it, or only odd. */
export type BadSecrets = ReadonlyMap<string, Secret>;

/** Makes all of them; `hostname` is what good certificates are for. */
export async function badSecrets(
  authority: CertificateAuthority,
  { namespace, name, hostname }: { readonly namespace: string; readonly name: string; readonly hostname: string },
): Promise<BadSecrets> {
  const names = [hostname];
  const good = await issueCertificate(authority, { names });
  const rsa = await issueCertificate(authority, { names, keyKind: "rsa" });
  const old = await issueCertificate(authority, { names, notBefore: yearsFromNow(-2), notAfter: yearsFromNow(-1) });
  const early = await issueCertificate(authority, { names, notBefore: yearsFromNow(1), notAfter: yearsFromNow(2) });
  const oldMember = await issueCertificate(authority, {
    names: ["member"],
    notAfter: yearsFromNow(-1),
    notBefore: yearsFromNow(-2),
  });
  const text = (certificatePem: string, keyPem = good.keyPem) => tlsSecret(namespace, name, { certificatePem, keyPem });
  const ofBytes = (crt: Uint8Array | string, key: Uint8Array | string = good.keyPem): Secret => ({
    ...text(""),
    data: { "tls.crt": Buffer.from(crt).toString("base64"), "tls.key": Buffer.from(key).toString("base64") },
  });
  const made = async (algorithm: Algorithm) => {
    const own = await selfSigned(hostname, algorithm);
    return text(own.certificatePem, own.keyPem);
  };
  const keyOf = (type: "secp256k1" | "rsa-pss") => pkcs8(type);
  const odd = (parts: OddParts) => text(pemOfDer(oddCertificate(parts)), pemOfKey());
  const { certificatePem: crt } = good;
  return new Map<string, Secret>([
    ["no data", { ...text(crt), data: {} }],
    ["empty values", { ...text(crt), data: { "tls.crt": "", "tls.key": "" } }],
    ["other keys than tls.crt and tls.key", { ...text(crt), data: { "cert.pem": "eA==", "key.pem": "eA==" } }],
    ["type Opaque", { ...text(crt), type: "Opaque" }],
    ["1 MiB of text", text("x".repeat(1024 * 1024))],
    ["a certificate of 1 MiB", text(`${crt}${crt.repeat(Math.ceil((1024 * 1024) / crt.length))}`)],
    ["33 certificates", text(crt.repeat(33))],
    ["a PEM block without end", text(crt.slice(0, 200))],
    ["a PEM block that is cut", text(crt.replace(/\n.{64}\n/, "\n"))],
    ["a byte that is changed in the signed part", text(changed(crt, 60))],
    ["DER", ofBytes(der(crt), der(good.keyPem))],
    ["DER in base64 without PEM around it", ofBytes(der(crt).toString("base64"))],
    ["UTF-16", ofBytes(Buffer.from(`\ufeff${crt}`, "utf16le"), Buffer.from(`\ufeff${good.keyPem}`, "utf16le"))],
    ["a NUL in a PEM block", text(crt.replace(/\n(.)/, "\n\0$1"))],
    ["a public key in tls.key", text(crt, publicKeyOf(good.keyPem))],
    ["the certificate in tls.key", text(crt, crt)],
    ["two private keys", text(crt, good.keyPem + rsa.keyPem)],
    ["the key of another certificate", text(crt, rsa.keyPem)],
    ["a chain in reverse order", text(authority.certificatePem + crt)],
    ["a chain with a broken member", text(crt + changed(authority.certificatePem, 60))],
    ["a certificate of an unknown version", text(replaced(crt, [0xa0, 3, 2, 1, 2], [0xa0, 3, 2, 1, 9]))],
    ["a certificate with an unknown kind of time", text(replaced(crt, [0x5a, 0x17], [0x58, 0x17]))],
    [
      "a chain member with an unknown kind of time",
      text(crt + replaced(authority.certificatePem, [0x5a, 0x17], [0x58, 0x17])),
    ],
    ["a certificate with an empty part of a name", odd({ subject: sequence(setOf()) })],
    [
      "a chain member with an empty part of a name",
      text(crt + pemOfDer(oddCertificate({ subject: sequence(setOf()) }))),
    ],
    ["a certificate without any name", odd({ subject: sequence(), extensions: "none" })],
    ["a certificate with an empty common name", odd({ subject: commonName("") })],
    ["a certificate that must be stapled", odd({ extensions: [tlsFeatures(5)] })],
    ["a certificate for key agreement only", odd({ extensions: [keyUsage(0x08)] })],
    ["an encrypted key in PKCS#8", text(crt, encrypted("pkcs8", good.keyPem))],
    ["an encrypted key in its older form", text(rsa.certificatePem, encrypted("pkcs1", rsa.keyPem))],
    ["an RSA key whose numbers do not fit each other", text(rsa.certificatePem, brokenRsa(rsa.keyPem))],
    ["an EC key that does not fit its own public key", text(crt, brokenEc(good.keyPem))],
    ["an RSA key of 512 bits", await made({ ...rsaAlgorithm, modulusLength: 512 })],
    ["an RSA key of 1024 bits", await made({ ...rsaAlgorithm, modulusLength: 1024 })],
    ["an RSA-PSS key", text(crt, keyOf("rsa-pss"))],
    ["an EC key on secp256k1", text(crt, keyOf("secp256k1"))],
    ["an EC key on P-384", await made({ name: "ECDSA", namedCurve: "P-384" })],
    ["an EC key on P-521", await made({ name: "ECDSA", namedCurve: "P-521" })],
    ["an Ed25519 key", await made({ name: "Ed25519" })],
    ["CR LF", text(crt.replaceAll("\n", "\r\n"), good.keyPem.replaceAll("\n", "\r\n"))],
    ["a UTF-8 byte order mark", text(`\ufeff${crt}`, `\ufeff${good.keyPem}`)],
    ["text before, between and after", text(`subject\n${crt}\nissuer\n${authority.certificatePem}\nthe end`)],
    ["EC PARAMETERS before the key", text(crt, ecParameters + sec1(good.keyPem))],
    ["a key in PKCS#1", text(rsa.certificatePem, pkcs1(rsa.keyPem))],
    ["the leaf twice", text(crt + crt)],
    ["a chain that ends in the authority", text(crt + authority.certificatePem)],
    ["an expired certificate", text(old.certificatePem, old.keyPem)],
    ["an expired member of the chain", text(crt + oldMember.certificatePem)],
    ["a certificate that is not valid yet", text(early.certificatePem, early.keyPem)],
  ]);
}

type Algorithm = webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams | { readonly name: "Ed25519" };

const rsaAlgorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", publicExponent: new Uint8Array([1, 0, 1]) };

const ecParameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";

async function selfSigned(hostname: string, algorithm: Algorithm): Promise<IssuedCertificate> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  if (!("privateKey" in keys)) throw new Error("no key pair");
  const signingAlgorithm = { hash: "SHA-256", ...algorithm };
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${hostname}`,
    keys,
    signingAlgorithm,
  });
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { certificatePem: `${certificate.toString("pem")}\n`, keyPem: PemConverter.encode(key, "PRIVATE KEY") };
}

function yearsFromNow(years: number): Date {
  return new Date(Date.now() + years * 365 * 24 * 60 * 60 * 1000);
}

function der(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]*-----|\s/g, ""), "base64");
}

function pemOf(bytes: Buffer, label: string): string {
  return `-----BEGIN ${label}-----\n${bytes.toString("base64")}\n-----END ${label}-----\n`;
}

/** Changes the tag of whatever element begins or ends there. */
function changed(certificatePem: string, at: number): string {
  const bytes = der(certificatePem);
  bytes[4] = (bytes[4] ?? 0) ^ 0x10;
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  return pemOf(bytes, "CERTIFICATE");
}

function replaced(certificatePem: string, what: readonly number[], by: readonly number[]): string {
  const bytes = der(certificatePem);
  const at = bytes.indexOf(Buffer.from(what));
  if (at < 0) throw new Error("the certificate does not hold what is to be replaced");
  bytes.set(by, at);
  return pemOf(bytes, "CERTIFICATE");
}

function encrypted(type: "pkcs8" | "pkcs1", keyPem: string): string {
  const options = { type, format: "pem", cipher: "aes-256-cbc", passphrase: "secret" } as const;
  return String(createPrivateKey(keyPem).export(options));
}

function pkcs1(keyPem: string): string {
  return String(createPrivateKey(keyPem).export({ type: "pkcs1", format: "pem" }));
}

function sec1(keyPem: string): string {
  return String(createPrivateKey(keyPem).export({ type: "sec1", format: "pem" }));
}

function publicKeyOf(keyPem: string): string {
  const { kty = "", crv = "", x = "", y = "" } = createPrivateKey(keyPem).export({ format: "jwk" });
  return pemOf(Buffer.from(JSON.stringify({ kty, crv, x, y })), "PUBLIC KEY");
}

/** The last of its numbers is another one. */
function brokenRsa(keyPem: string): string {
  const bytes = der(pkcs1(keyPem));
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 2;
  return pemOf(bytes, "RSA PRIVATE KEY");
}

/** The secret number is another one, and the public key as it was. */
function brokenEc(keyPem: string): string {
  const bytes = der(sec1(keyPem));
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  return pemOf(bytes, "EC PRIVATE KEY");
}

function pkcs8(type: "secp256k1" | "rsa-pss"): string {
  const { privateKey } =
    type === "secp256k1"
      ? generateKeyPairSync("ec", { namedCurve: "secp256k1" })
      : generateKeyPairSync("rsa-pss", { modulusLength: 2048 });
  return String(privateKey.export({ type: "pkcs8", format: "pem" }));
}
