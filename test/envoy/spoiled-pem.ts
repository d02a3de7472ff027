import type { Random } from "../decide/random.ts";

/** Bytes that mean something in DER. */
const telling = [0, 1, 2, 3, 4, 5, 6, 0x0c, 0x13, 0x17, 0x18, 0x30, 0x31, 0x80, 0xa0, 0xa3, 0xff];

/** A PEM block with one to three changes. */
export function spoiled(random: Random, pem: string): string {
  const [label = ""] = /BEGIN ([A-Z ]+)/.exec(pem)?.slice(1) ?? [];
  let bytes = Buffer.from(pem.replace(/-----[^-]*-----|\s/g, ""), "base64");
  for (let change = random.below(3); change >= 0; change -= 1) {
    const at = random.below(bytes.length);
    const kind = random.below(4);
    if (kind === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    else if (kind === 1) bytes[at] = random.pick(telling);
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(4))]);
    else bytes[at] = bytes[(at + 1 + random.below(8)) % bytes.length] ?? 0;
  }
  return `-----BEGIN ${label}-----\n${bytes.toString("base64")}\n-----END ${label}-----\n`;
}
