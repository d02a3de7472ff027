/** IP addresses and ranges of them, as text. */
import { BlockList, isIPv4, isIPv6 } from "node:net";

/** One spelling for one address: Envoy refuses a listener that binds one twice. No zones; undefined for anything else. */
export function canonicalAddress(value: string): string | undefined {
  if (isIPv4(value)) return value;
  if (!/^[0-9a-fA-F:.]+$/.test(value)) return undefined;
  return URL.parse(`http://[${value}]`)?.hostname.slice(1, -1);
}

/** A set of addresses, made from ranges such as `192.0.2.0/24`. */
export interface AddressRanges {
  contains(address: string): boolean;
}

/** Reads ranges; what is none of them holds no address. */
export function addressRanges(ranges: readonly string[]): AddressRanges {
  const list = new BlockList();
  for (const range of ranges) {
    const { address, prefix, family } = parseRange(range) ?? {};
    if (address !== undefined && prefix !== undefined) list.addSubnet(address, prefix, family);
  }
  return { contains: (address) => list.check(address, isIPv6(address) ? "ipv6" : "ipv4") };
}

/** Whether it is a range of addresses. */
export function isRange(range: string): boolean {
  return parseRange(range) !== undefined;
}

interface Range {
  readonly address: string;
  readonly prefix: number;
  readonly family: "ipv4" | "ipv6";
}

function parseRange(range: string): Range | undefined {
  const [address = "", length = "", ...more] = range.split("/");
  if (more.length > 0 || !/^\d{1,3}$/.test(length)) return undefined;
  const prefix = Number(length);
  if (isIPv4(address)) return prefix <= 32 ? { address, prefix, family: "ipv4" } : undefined;
  return isIPv6(address) && !address.includes("%") && prefix <= 128 ? { address, prefix, family: "ipv6" } : undefined;
}

/** Addresses at which a proxy finds itself, its node or a metadata service instead of a backend. */
const local = addressRanges(["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::/96", "fe80::/10"]);

/** Whether it is an address of another host: no loopback, unspecified or link-local one, in whichever notation. */
export function isOfAnotherHost(address: string): boolean {
  const canonical = canonicalAddress(address);
  return canonical !== undefined && !local.contains(canonical);
}
