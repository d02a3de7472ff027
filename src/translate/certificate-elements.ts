/** What certificates are made of: elements of DER, which have one encoding each. */

export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectId: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
  issuerId: 0x81,
  subjectId: 0x82,
  extensions: 0xa3,
} as const;

/** Cuts bytes into elements; undefined where they are not DER. */
export function elementsOf(bytes: Uint8Array): readonly Element[] | undefined {
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

/** Whether an element and all within it are in DER. */
export function isWellFormed({ tag, content }: Element): boolean {
  if ((tag & 0x20) !== 0) {
    // Of the kinds that everybody knows these two are made of others, and no string ever is.
    if (tag < 0x40 && tag !== tags.sequence && tag !== tags.set) return false;
    return elementsOf(content)?.every(isWellFormed) === true;
  }
  const [first = 0, second = 0] = content;
  switch (tag) {
    case tags.boolean:
      return content.length === 1 && (first === 0 || first === 0xff);
    case tags.integer:
      return content.length > 0 && !(content.length > 1 && isSpare(first, second));
    case tags.bitString:
      return isBitString(content);
    case tags.null:
      return content.length === 0;
    case tags.objectId:
      return isObjectId(content);
    default:
      return true;
  }
}

/** Whether the content is that of a bit string: the bits that do not count are nought. */
export function isBitString(content: Uint8Array): boolean {
  const [unused] = content;
  if (unused === undefined || unused === 0) return unused === 0;
  const last = content.subarray(1).at(-1);
  return unused < 8 && last !== undefined && (last & ((1 << unused) - 1)) === 0;
}

/** Numbers in groups of seven bits, of which none begins with nought. */
function isObjectId(content: Uint8Array): boolean {
  const beginsWithNought = content.some((byte, index) => byte === 0x80 && (content[index - 1] ?? 0) < 0x80);
  return content.length > 0 && (content.at(-1) ?? 0) < 0x80 && !beginsWithNought;
}

/** A first byte that only repeats the sign of the second. */
function isSpare(first: number, second: number): boolean {
  return (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
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
