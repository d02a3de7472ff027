/** PEM text, as written by people: with comments, blanks and line ends of any kind. */
import { X509Certificate } from "node:crypto";
import { isStrictDer } from "./certificate-der.ts";

export interface PemBlock {
  readonly label: string;
  readonly pem: string;
}

/** Most characters of one field with PEM: a Secret or ConfigMap holds 1 MiB at most, a chain and a key need far less. */
export const maxPemBytes = 256 * 1024;

/** Cuts PEM text into blocks; what stands between them is a comment. Undefined when a block has no end. */
export function pemBlocks(text: string): readonly PemBlock[] | undefined {
  const blocks: PemBlock[] = [];
  let at = text.indexOf(begin);
  while (at >= 0) {
    const labelEnd = text.indexOf(dashes, at + begin.length);
    if (labelEnd < 0) return undefined;
    const label = text.slice(at + begin.length, labelEnd);
    const ending = `-----END ${label}-----`;
    const end = text.indexOf(ending, labelEnd);
    if (end < 0) return undefined;
    blocks.push({ label, pem: canonicalBlock(label, text.slice(labelEnd + dashes.length, end)) });
    at = text.indexOf(begin, end + ending.length);
  }
  return blocks;
}

/** Reads certificates; a string says what is wrong with one of them. */
export function readCertificates(blocks: readonly PemBlock[]): readonly X509Certificate[] | string {
  try {
    const certificates = blocks.map(({ pem }) => new X509Certificate(pem));
    return certificates.every(({ raw }) => isStrictDer(raw)) ? certificates : "is not strict DER";
  } catch {
    // What OpenSSL says about hostile bytes helps nobody; that they are no certificate does.
    return "cannot be parsed";
  }
}

const begin = "-----BEGIN ";
const dashes = "-----";

/** OpenSSL wants lines: blanks and line ends of any kind become one `\n`. */
function canonicalBlock(label: string, body: string): string {
  const lines = body.split(/\s+/).filter((line) => line !== "");
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
