/** Reads encoded messages without decoding what they hold: as little as it takes to put one together of parts of others. */

/** One field of an encoded message. */
export interface WireField {
  readonly number: number;
  /** The whole field with its tag, as it can be put into another message. */
  readonly bytes: Uint8Array;
  /** What a length-delimited field holds; absent for numbers. */
  readonly content?: Uint8Array;
}

/** The fields of an encoded message, in their order; throws on bytes that are none. */
export function wireFields(message: Uint8Array): readonly WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  while (at < message.length) {
    const tag = readVarint(message, at);
    const number = Math.floor(tag.value / 8);
    const { contentAt, end } = extent(message, tag.value % 8, tag.end);
    if (end > message.length) throw new Error("bug: a message ends within a field");
    const bytes = message.subarray(at, end);
    fields.push({ number, bytes, ...(contentAt !== undefined && { content: message.subarray(contentAt, end) }) });
    at = end;
  }
  return fields;
}

/** https://protobuf.dev/programming-guides/encoding/#structure */
function extent(
  message: Uint8Array,
  wireType: number,
  at: number,
): { readonly contentAt?: number; readonly end: number } {
  switch (wireType) {
    case 0:
      return { end: readVarint(message, at).end };
    case 1:
      return { end: at + 8 };
    case 2: {
      const { value, end } = readVarint(message, at);
      return { contentAt: end, end: end + value };
    }
    case 5:
      return { end: at + 4 };
    default:
      throw new Error(`bug: a message with a field of wire type ${wireType}`);
  }
}

function readVarint(message: Uint8Array, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = start; at < start + 10; at += 1) {
    const byte = message[at];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * (at - start));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new Error("bug: a message ends within a number");
}
