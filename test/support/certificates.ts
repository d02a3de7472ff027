// The dependency injection inside x509 wants it first.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto);

/** `weak rsa` is one that no proxy takes. */
export type KeyKind = "rsa" | "ec" | "weak rsa";

/** A certificate authority made for one test. */
export interface CertificateAuthority {
  readonly certificatePem: string;
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** A certificate with its private key, as a kubernetes.io/tls Secret holds them. */
export interface IssuedCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface CertificateRequest {
  /** DNS names or IPv4 addresses; the first is the common name. */
  readonly names: readonly string[];
  readonly keyKind?: KeyKind;
  readonly usage?: "server" | "client";
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** URI names, such as a SPIFFE id. */
  readonly uris?: readonly string[];
}

/** Makes a self-signed certificate authority. */
export async function createCertificateAuthority(name = "Gatehouse test authority"): Promise<CertificateAuthority> {
  const keys = await generateKeys("ec");
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: signing.ec,
    notBefore: yesterday(),
    notAfter: nextYear(),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: pem(certificate), certificate, keys };
}

/** Issues a certificate for the names, for a server unless asked otherwise. */
export async function issueCertificate(
  authority: CertificateAuthority,
  request: CertificateRequest,
): Promise<IssuedCertificate> {
  const keys = await generateKeys(request.keyKind ?? "ec");
  const names: x509.JsonGeneralName[] = [
    ...request.names.map((value) => ({ type: isAddress(value) ? ("ip" as const) : ("dns" as const), value })),
    ...(request.uris ?? []).map((value) => ({ type: "url" as const, value })),
  ];
  const usage = request.usage === "client" ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${request.names[0] ?? "unnamed"}`,
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: signing.ec,
    notBefore: request.notBefore ?? yesterday(),
    notAfter: request.notAfter ?? nextYear(),
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.ExtendedKeyUsageExtension([usage]),
      new x509.SubjectAlternativeNameExtension(names),
    ],
  });
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { certificatePem: pem(certificate), keyPem: `${x509.PemConverter.encode(key, "PRIVATE KEY")}\n` };
}

const signing = {
  ec: { name: "ECDSA", hash: "SHA-256" },
} as const;

function generateKeys(kind: KeyKind): Promise<webcrypto.CryptoKeyPair> {
  const usages: webcrypto.KeyUsage[] = ["sign", "verify"];
  if (kind === "ec") return webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, usages);
  const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: kind === "rsa" ? 2048 : 1024 };
  return webcrypto.subtle.generateKey({ ...rsa, publicExponent: new Uint8Array([1, 0, 1]) }, true, usages);
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}

function isAddress(name: string): boolean {
  return /^[0-9.]+$/.test(name);
}

const day = 24 * 60 * 60 * 1000;

function yesterday(): Date {
  return new Date(Date.now() - day);
}

function nextYear(): Date {
  return new Date(Date.now() + 365 * day);
}
