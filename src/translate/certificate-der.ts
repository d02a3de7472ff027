/** The encoding of certificates, as strictly as BoringSSL reads it: OpenSSL takes more, and a proxy would refuse that. */

/** Says whether a certificate is DER to the last byte, with a version and times that RFC 5280 knows. */
export function isStrictDer(certificate: Uint8Array): boolean {
  const [outer, ...more] = elementsOf(certificate) ?? [];
  if (outer?.tag !== tags.sequence || more.length > 0 || !isWellFormed(outer)) return false;
  const [signed, algorithm, signature] = elementsOf(outer.content) ?? [];
  if (signed?.tag !== tags.sequence || algorithm?.tag !== tags.sequence || signature?.tag !== tags.bitString)
    return false;
  return isStrictBody(elementsOf(signed.content) ?? []);
}

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  null: 0x05,
  objectId: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  version: 0xa0,
  extensions: 0xa3,
} as const;

function isStrictBody(elements: readonly Element[]): boolean {
  const [first, ...others] = elements;
  const version = first?.tag === tags.version ? versionOf(first) : 0;
  const [serial, algorithm, issuer, validity, subject, key] = first?.tag === tags.version ? others : elements;
  if (version === undefined || serial?.tag !== tags.integer) return false;
  const sequences = [algorithm, issuer, validity, subject, key];
  if (!sequences.every((element) => element?.tag === tags.sequence)) return false;
  if (version < 2 && elements.some(({ tag }) => tag === tags.extensions)) return false;
  const times = elementsOf(validity?.content ?? new Uint8Array()) ?? [];
  return times.length === 2 && times.every(isTime);
}

/** The first version is said by saying nothing. */
function versionOf({ content }: Element): number | undefined {
  const [number] = elementsOf(content) ?? [];
  const version = number?.tag === tags.integer && number.content.length === 1 ? number.content[0] : undefined;
  return version === 1 || version === 2 ? version : undefined;
}

function isTime({ tag, content }: Element): boolean {
  const text = Buffer.from(content).toString("latin1");
  const year = tag === tags.utcTime ? "[0-9]{2}" : tag === tags.generalizedTime ? "[0-9]{4}" : undefined;
  if (year === undefined) return false;
  const found = new RegExp(`^${year}([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})Z$`).exec(text);
  if (found === null) return false;
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1).map(Number);
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= (daysOf[month - 1] ?? 0);
  return isDay && hour < 24 && minute < 60 && second < 60;
}

const daysOf = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether an element and all within it are in DER. */
function isWellFormed({ tag, content }: Element): boolean {
  if ((tag & 0x20) !== 0) {
    const inner = elementsOf(content);
    return inner?.every(isWellFormed) === true;
  }
  const [first = 0, second = 0] = content;
  switch (tag) {
    case tags.boolean:
      return content.length === 1 && (first === 0 || first === 0xff);
    case tags.integer:
      return content.length > 0 && !(content.length > 1 && isSpare(first, second));
    case tags.bitString:
      return content.length > 0 && hasCleanPadding(first, content.subarray(1));
    case tags.null:
      return content.length === 0;
    case tags.objectId:
      return content.length > 0 && (content.at(-1) ?? 0) < 0x80;
    default:
      return true;
  }
}

/** The bits that do not count are nought. */
function hasCleanPadding(unused: number, bits: Uint8Array): boolean {
  if (unused === 0) return true;
  const last = bits.at(-1);
  return unused < 8 && last !== undefined && (last & ((1 << unused) - 1)) === 0;
}

/** A first byte that only repeats the sign of the second. */
function isSpare(first: number, second: number): boolean {
  return (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
}

/** Cuts bytes into elements; undefined where they are not DER. */
function elementsOf(bytes: Uint8Array): readonly Element[] | undefined {
  const elements: Element[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0;
    const length = lengthAt(bytes, at + 1);
    // Tags of several bytes occur in no certificate.
    if (length === undefined || (tag & 0x1f) === 0x1f) return undefined;
    const end = length.start + length.value;
    if (end > bytes.length) return undefined;
    elements.push({ tag, content: bytes.subarray(length.start, end) });
    at = end;
  }
  return elements;
}

/** A length in as few bytes as it takes, at most four. */
function lengthAt(bytes: Uint8Array, at: number): { readonly start: number; readonly value: number } | undefined {
  const first = bytes[at];
  if (first === undefined || first === 0x80 || first > 0x84) return undefined;
  if (first < 0x80) return { start: at + 1, value: first };
  const count = first - 0x80;
  if (at + 1 + count > bytes.length || bytes[at + 1] === 0) return undefined;
  const value = bytes.subarray(at + 1, at + 1 + count).reduce((sum, byte) => sum * 256 + byte, 0);
  return value < 0x80 ? undefined : { start: at + 1 + count, value };
}
