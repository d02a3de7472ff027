/** The addresses of a Gateway. https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspecaddress */
import { assertNever } from "../core/assert-never.ts";
import type { Rejection } from "../core/conditions.ts";
import type { Gateway, GatewayAddress } from "../core/gateway-api.ts";
import { addressRanges, canonicalAddress } from "./ip-address.ts";
import type { Placement } from "./placement.ts";

/** What came of the addresses that a Gateway asks for. */
export interface AssignedAddresses {
  /** Those that proxies bind, each once. */
  readonly bind: readonly string[];
  /** Those that are asked of the cluster, each once. */
  readonly requested: readonly string[];
  /** Why the Gateway is not accepted. */
  readonly rejection?: Rejection;
  /** Why the Gateway is accepted, but not all of its addresses are served. */
  readonly addressRejection?: Rejection;
}

/** Assigns addresses; `allowed` are the ranges in which the class lets its Gateways ask the cluster for some. */
export function assignAddresses(
  { spec }: Gateway,
  placement: Placement,
  allowed: readonly string[] = [],
): AssignedAddresses {
  const asked = spec.addresses ?? [];
  const message = unsupported(asked);
  if (message !== undefined) {
    const rejection: Rejection = { condition: "Accepted", reason: "UnsupportedAddress", message };
    return { bind: placement.kind === "cluster" ? placement.bindAddresses : [], requested: [], rejection };
  }
  switch (placement.kind) {
    case "standalone":
      return bindAddresses(asked, placement.bindAddresses);
    case "cluster":
      return { bind: placement.bindAddresses, ...requestAddresses(asked, allowed) };
    default:
      return assertNever(placement);
  }
}

/** Whoever wants an address that only some may reach must not get one for everybody. */
function unsupported(asked: readonly GatewayAddress[]): string | undefined {
  const foreign = asked.find(({ type }) => type !== "IPAddress");
  if (foreign !== undefined) return `addresses of type ${foreign.type} are not supported, only IPAddress`;
  const scoped = asked.find(({ routability = "" }) => routability !== "");
  return scoped && `addresses of routability ${scoped.routability} are not supported`;
}

/** Those asked for, or those configured where none, or one without a value, is asked for. */
function bindAddresses(asked: readonly GatewayAddress[], configured: readonly string[]): AssignedAddresses {
  const wanted =
    asked.length === 0 ? configured : asked.flatMap(({ value = "" }) => (value === "" ? configured : [value]));
  const usable = wanted.map(canonicalAddress).filter((value) => value !== undefined);
  const bind = [...new Set(usable)];
  const unusable = wanted.find((value) => canonicalAddress(value) === undefined);
  if (unusable !== undefined) {
    return { bind, requested: [], addressRejection: notUsable(`${unusable} is not an IP address that can be bound`) };
  }
  if (bind.length > 0) return { bind, requested: [] };
  const message = "No address is configured for Gateways that ask for none";
  const addressRejection: Rejection = { condition: "Programmed", reason: "AddressNotAssigned", message };
  return { bind, requested: [], addressRejection };
}

/** An address without a value is any: there is nothing to ask for. */
function requestAddresses(
  asked: readonly GatewayAddress[],
  allowed: readonly string[],
): Pick<AssignedAddresses, "requested" | "addressRejection"> {
  const ranges = addressRanges(allowed);
  const problems: string[] = [];
  const requested = new Set<string>();
  for (const { value = "" } of asked) {
    if (value === "") continue;
    const address = canonicalAddress(value);
    if (address === undefined) problems.push(`${value} is not an IP address`);
    else if (ranges.contains(address)) requested.add(address);
    else problems.push(`${value} is not an address that the class lets its Gateways ask for${rangesInWords(allowed)}`);
  }
  if (problems.length === 0) return { requested: [...requested] };
  return { requested: [...requested], addressRejection: notUsable(problems.join("; ")) };
}

function rangesInWords(allowed: readonly string[]): string {
  return allowed.length === 0
    ? " (spec.bounds.addresses of its GatewayParameters has none)"
    : ` (${allowed.join(", ")})`;
}

function notUsable(message: string): Rejection {
  return { condition: "Programmed", reason: "AddressNotUsable", message };
}
