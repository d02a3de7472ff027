import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { CertificateRequest } from "./step.ts";

/** A certificate that signs itself, and its key. */
export interface MadeCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Makes a server certificate for one hostname, valid from yesterday until the day after tomorrow (RFC 5280, P-256). */
export function makeCertificate(hostname: string, now: Date): MadeCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(set(sequence(objectId.commonName, utf8(hostname))));
  const toBeSigned = sequence(
    tagged(0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(15)])),
    sequence(objectId.ecdsaWithSha256),
    name,
    sequence(time(now, -1), time(now, 2)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tagged(3, sequence(subjectAlternativeName(hostname))),
  );
  const signature = sign("sha256", toBeSigned, privateKey);
  const certificate = sequence(toBeSigned, sequence(objectId.ecdsaWithSha256), bitString(signature));
  return {
    certificatePem: pem("CERTIFICATE", certificate),
    keyPem: String(privateKey.export({ type: "pkcs8", format: "pem" })),
  };
}

/** The manifest of a TLS Secret. */
export function secretManifest({ secret }: CertificateRequest, made: MadeCertificate): string {
  const [namespace, name] = secret.split("/");
  return [
    "# Made for this run.",
    "apiVersion: v1",
    "kind: Secret",
    "metadata:",
    `  name: ${name}`,
    `  namespace: ${namespace}`,
    "type: kubernetes.io/tls",
    "data:",
    `  tls.crt: ${Buffer.from(made.certificatePem).toString("base64")}`,
    `  tls.key: ${Buffer.from(made.keyPem).toString("base64")}`,
    "",
  ].join("\n");
}

// DER as far as one certificate needs it: a tag, a length, the content.
const objectId = {
  commonName: der(0x06, Buffer.from("550403", "hex")),
  subjectAlternativeName: der(0x06, Buffer.from("551d11", "hex")),
  ecdsaWithSha256: der(0x06, Buffer.from("2a8648ce3d040302", "hex")),
} as const;

function subjectAlternativeName(hostname: string): Buffer {
  const dnsName = der(0x82, Buffer.from(hostname, "ascii"));
  return sequence(objectId.subjectAlternativeName, der(0x04, sequence(dnsName)));
}

function time(now: Date, days: number): Buffer {
  const at = new Date(now.getTime() + days * 24 * 60 * 60 * 1000).toISOString();
  // UTCTime, which has two digits for the year.
  const digits = at.replace(/\.\d+Z$/, "").replace(/\D/g, "");
  return der(0x17, Buffer.from(`${digits.slice(2)}Z`, "ascii"));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function set(part: Buffer): Buffer {
  return der(0x31, part);
}

function integer(content: Buffer): Buffer {
  return der(0x02, content);
}

function utf8(text: string): Buffer {
  return der(0x0c, Buffer.from(text, "utf8"));
}

function bitString(content: Buffer): Buffer {
  return der(0x03, Buffer.concat([Buffer.of(0), content]));
}

function tagged(number: number, content: Buffer): Buffer {
  return der(0xa0 + number, content);
}

function der(tag: number, content: Buffer): Buffer {
  const size = content.length;
  if (size < 0x80) return Buffer.concat([Buffer.of(tag, size), content]);
  if (size < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, size), content]);
  return Buffer.concat([Buffer.of(tag, 0x82, size >> 8, size & 0xff), content]);
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
