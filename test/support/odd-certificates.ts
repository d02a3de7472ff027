import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** An element of DER, or what only looks like one: nothing is checked. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => element(0x30, ...parts);
export const setOf = (...parts: readonly Uint8Array[]): Buffer => element(0x31, ...parts);
export const integer = (...bytes: readonly number[]): Buffer => element(2, Buffer.from(bytes));
export const objectId = (...bytes: readonly number[]): Buffer => element(6, Buffer.from(bytes));
export const text = (value: string, tag = 0x0c): Buffer => element(tag, Buffer.from(value));

/** A subject or an issuer with one common name. */
export function commonName(value: string, tag?: number): Buffer {
  return sequence(setOf(sequence(objectId(0x55, 4, 3), text(value, tag))));
}

export function extension(id: readonly number[], value: Uint8Array): Buffer {
  return sequence(objectId(...id), element(4, value));
}

/** Alternative names; a DNS name unless told otherwise. */
export function alternativeNames(...names: readonly Uint8Array[]): Buffer {
  return extension([0x55, 0x1d, 0x11], sequence(...names));
}

/** Key usage, from the bits of its first byte. */
export function keyUsage(bits: number): Buffer {
  return extension([0x55, 0x1d, 0x0f], element(3, Buffer.from([0, bits])));
}

/** The TLS features that a certificate asks for, by their numbers. */
export function tlsFeatures(...features: readonly number[]): Buffer {
  const id = [0x2b, 6, 1, 5, 5, 7, 1, 0x18];
  return extension(id, sequence(...features.map((feature) => integer(feature))));
}

/** The parts of a certificate that are other than usual. */
export interface OddParts {
  readonly version?: readonly Uint8Array[];
  readonly serial?: Uint8Array;
  readonly algorithm?: Uint8Array;
  readonly issuer?: Uint8Array;
  readonly validity?: Uint8Array;
  readonly subject?: Uint8Array;
  /** Ids of issuer and subject. */
  readonly ids?: readonly Uint8Array[];
  /** None at all where it is "none". */
  readonly extensions?: readonly Uint8Array[] | "none";
  readonly keys?: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
}

const ecdsa = sequence(objectId(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2));
const rsaWithSha256 = sequence(objectId(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b), element(5));

/** Keys on P-256 for certificates that ask for no other ones. */
export const oddKeys = generateKeyPairSync("ec", { namedCurve: "prime256v1" });

/** Makes a certificate that signs itself. */
export function oddCertificate(parts: OddParts = {}): Buffer {
  const { publicKey, privateKey } = parts.keys ?? oddKeys;
  const algorithm = parts.algorithm ?? (privateKey.asymmetricKeyType === "rsa" ? rsaWithSha256 : ecdsa);
  const { extensions = [alternativeNames(text("bad.test", 0x82))] } = parts;
  const signed = sequence(
    ...(parts.version ?? [element(0xa0, integer(2))]),
    ...[parts.serial ?? integer(5), algorithm, parts.issuer ?? commonName("issuer")],
    parts.validity ?? validity("250101000000Z", "490101000000Z"),
    ...[parts.subject ?? commonName("bad.test"), publicKey.export({ type: "spki", format: "der" })],
    ...(parts.ids ?? []),
    ...(extensions === "none" ? [] : [element(0xa3, sequence(...extensions))]),
  );
  return sequence(signed, algorithm, element(3, Buffer.from([0]), sign("sha256", signed, privateKey)));
}

/** Times in two digits of the year. */
export function validity(from: string, until: string): Buffer {
  return sequence(text(from, 0x17), text(until, 0x17));
}

export function pemOfDer(der: Uint8Array): string {
  const lines = Buffer.from(der).toString("base64").replaceAll(/.{64}/g, "$&\n").trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

export function pemOfKey({ privateKey }: { readonly privateKey: KeyObject } = oddKeys): string {
  return String(privateKey.export({ type: "pkcs8", format: "pem" }));
}
