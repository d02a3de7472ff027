// The dependency injection inside x509 wants it first.
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { backdateMs } from "./lifetimes.ts";

x509.cryptoProvider.set(webcrypto);

/** A certificate with its private key, both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateRequest {
  readonly usages: readonly ("server" | "client")[];
  readonly dnsNames: readonly string[];
  /** A SPIFFE id. */
  readonly uri: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly lifeMs: number;
}

/** Makes a certificate authority. Each has a name of its own, so that no chain is ambiguous while two are trusted. */
export async function createAuthority(now: number, lifeMs: number): Promise<KeyPair> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=Gatehouse ${randomBytes(8).toString("hex")}`,
    keys,
    signingAlgorithm,
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(now + lifeMs),
    extensions: [
      // It signs certificates of machines only, no further authorities.
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return await toPem(certificate, keys);
}

/** Issues a certificate with a new key. It never outlives the authority. */
export async function issueCertificate(authority: KeyPair, request: CertificateRequest): Promise<KeyPair> {
  const { usages, dnsNames, uri, now, lifeMs } = request;
  const issuer = new x509.X509Certificate(authority.cert);
  const keys = await generateKeys();
  const names: x509.JsonGeneralName[] = [
    ...dnsNames.map((value) => ({ type: "dns" as const, value })),
    { type: "url", value: uri },
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    // The names say it all; a subject is limited to 64 characters.
    subject: "CN=gatehouse",
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    signingAlgorithm,
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(Math.min(now + lifeMs, issuer.notAfter.getTime())),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages.map((usage) => usageIds[usage])),
      new x509.SubjectAlternativeNameExtension(names),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return await toPem(certificate, keys);
}

const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
const signingAlgorithm = { name: "ECDSA", hash: "SHA-256" } as const;
const usageIds = { server: x509.ExtendedKeyUsage.serverAuth, client: x509.ExtendedKeyUsage.clientAuth } as const;

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(pem), keyAlgorithm, false, ["sign"]);
}

async function toPem(certificate: x509.X509Certificate, { privateKey }: webcrypto.CryptoKeyPair): Promise<KeyPair> {
  const key = await webcrypto.subtle.exportKey("pkcs8", privateKey);
  return { cert: `${certificate.toString("pem")}\n`, key: `${x509.PemConverter.encode(key, "PRIVATE KEY")}\n` };
}
