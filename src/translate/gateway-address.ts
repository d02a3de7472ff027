/** The addresses of a Gateway. https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspecaddress */
import type { Rejection } from "../core/conditions.ts";
import type { Gateway, GatewayAddress } from "../core/gateway-api.ts";

/** What came of the addresses that a Gateway asks for. */
export interface AssignedAddresses {
  /** Those that proxies bind, each once. */
  readonly addresses: readonly GatewayAddress[];
  /** Why the Gateway is not accepted. */
  readonly rejection?: Rejection;
  /** Why the Gateway is accepted, but not all of its addresses are served. */
  readonly addressRejection?: Rejection;
}

/** Assigns addresses: those asked for, or `bindAddresses` where none, or one without a value, is asked for. */
export function assignAddresses({ spec }: Gateway, bindAddresses: readonly string[]): AssignedAddresses {
  const asked = spec.addresses ?? [];
  const foreign = asked.find(({ type }) => type !== "IPAddress");
  if (foreign !== undefined) {
    const message = `addresses of type ${foreign.type} are not supported, only IPAddress`;
    return { addresses: [], rejection: { condition: "Accepted", reason: "UnsupportedAddress", message } };
  }
  const wanted =
    asked.length === 0 ? bindAddresses : asked.flatMap(({ value = "" }) => (value === "" ? bindAddresses : [value]));
  const usable = wanted.map(canonicalAddress).filter((value) => value !== undefined);
  const addresses = [...new Set(usable)].map((value) => ({ type: "IPAddress", value }));
  const unusable = wanted.find((value) => canonicalAddress(value) === undefined);
  if (unusable !== undefined) {
    const message = `${unusable} is not an IP address that can be bound`;
    return { addresses, addressRejection: { condition: "Programmed", reason: "AddressNotUsable", message } };
  }
  if (addresses.length > 0) return { addresses };
  const message = "No address is configured for Gateways that ask for none";
  return { addresses, addressRejection: { condition: "Programmed", reason: "AddressNotAssigned", message } };
}

/** One spelling for one address, because Envoy refuses a listener that binds one twice. No zones. */
function canonicalAddress(value: string): string | undefined {
  if (ipv4.test(value)) return value;
  if (!/^[0-9a-fA-F:.]+$/.test(value)) return undefined;
  return URL.parse(`http://[${value}]`)?.hostname.slice(1, -1);
}

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
