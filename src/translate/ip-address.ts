/** IP addresses and ranges of them, as text. */

/** One spelling for one address: Envoy refuses a listener that binds one twice. No zones; undefined for anything else. */
export function canonicalAddress(value: string): string | undefined {
  if (ipv4.test(value)) return value;
  if (!/^[0-9a-fA-F:.]+$/.test(value)) return undefined;
  return URL.parse(`http://[${value}]`)?.hostname.slice(1, -1);
}

/** One spelling for one host: as {@link canonicalAddress}, and an IPv4 address in IPv6 notation is the IPv4 address. */
export function hostAddress(value: string): string | undefined {
  const address = canonicalAddress(value);
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(address ?? "") ?? [];
  if (high === undefined || low === undefined) return address;
  return [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]).join(".");
}

/** A set of addresses, made from ranges such as `192.0.2.0/24`. */
export interface AddressRanges {
  contains(address: string): boolean;
}

/** Reads ranges; what is none of them holds no address. An IPv4 address in IPv6 notation is the IPv4 address. */
export function addressRanges(ranges: readonly string[]): AddressRanges {
  const read = ranges.map(parseRange).filter((range) => range !== undefined);
  const contains = (address: string) => {
    const bits = bitsOf(address);
    return bits !== undefined && read.some(({ start, length }) => sharesStart(bits, start, length));
  };
  return { contains };
}

/** Whether it is a range of addresses. */
export function isRange(range: string): boolean {
  return parseRange(range) !== undefined;
}

/** Whether it is an address of another host: no loopback, unspecified or link-local one, in whichever notation. */
export function isOfAnotherHost(address: string): boolean {
  return canonicalAddress(address) !== undefined && !local.contains(address);
}

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

interface Range {
  readonly start: bigint;
  /** How many of the 128 bits are those of every address in it. */
  readonly length: number;
}

function parseRange(range: string): Range | undefined {
  const slash = range.indexOf("/");
  const [address, written] = [range.slice(0, slash), range.slice(slash + 1)];
  if (slash < 0 || !/^\d{1,3}$/.test(written)) return undefined;
  const start = bitsOf(address);
  const length = Number(written) + (ipv4.test(address) ? 96 : 0);
  return start === undefined || length > 128 ? undefined : { start, length };
}

/** The 128 bits of an address; IPv4 addresses are those of `::ffff:0:0/96`. */
function bitsOf(address: string): bigint | undefined {
  if (ipv4.test(address)) {
    return address.split(".").reduce((bits, part) => (bits << 8n) | BigInt(part), 0xffffn);
  }
  const [before = "", after] = canonicalAddress(address)?.split("::") ?? [];
  const [left, right] = [groupsOf(before), groupsOf(after ?? "")];
  if (left.length + right.length === 0 && after === undefined) return undefined;
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  return [...left, ...zeros, ...right].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

function groupsOf(text: string): readonly string[] {
  return text === "" ? [] : text.split(":");
}

function sharesStart(a: bigint, b: bigint, length: number): boolean {
  return (a ^ b) >> BigInt(128 - length) === 0n;
}

/** Addresses at which a proxy finds itself, its node or a metadata service instead of a backend. */
const local = addressRanges(["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::/96", "fe80::/10"]);
