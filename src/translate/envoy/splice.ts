/**
 * Puts encoded messages into an encoded message without decoding either: protobuf concatenates the elements of a repeated
 * field in the order in which they occur. https://protobuf.dev/programming-guides/encoding/#last-one-wins
 */

/** Numbers of the repeated fields that we fill with messages that were encoded before. */
export const fieldNumbers = {
  /** envoy.config.listener.v3.Listener.filter_chains */
  filterChains: 3,
  /** envoy.config.route.v3.RouteConfiguration.virtual_hosts */
  virtualHosts: 2,
  /** envoy.config.route.v3.VirtualHost.routes */
  routes: 3,
} as const;

/** Encodes each message as an element of the repeated field with that number. */
export function repeatedField(fieldNumber: number, messages: readonly Uint8Array[]): Uint8Array {
  const parts = messages.flatMap((message) => [varint(fieldNumber * 8 + 2), varint(message.length), message]);
  return concatBytes(parts);
}

/** Joins bytes. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Uint8Array.from([...bytes, rest]);
}
