import type { Kind } from "../../src/core/keys.ts";

/** What we read of the experimental channel, by kind; of everything else the standard channel's fields. */
const additions: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  HTTPRoute: ["spec.rules[].sessionPersistence"],
  GRPCRoute: ["spec.rules[].sessionPersistence"],
};

/** The fields of a kind that we read though only the experimental channel has them. */
export function additionsTo(kind: string): readonly string[] {
  return Object.entries(additions).find(([name]) => name === kind)?.[1] ?? [];
}

/** A field of the experimental channel that we do not read. */
export interface UnservedField {
  readonly kind: Kind;
  readonly field: string;
  readonly why: string;
}

const noDefaultGateway = "no Gateway is one that routes without parentRefs attach to: a route names its parents";
const externalAuth = "a filter of a type that is not known: its rule answers 500";
const listenerFilters = "a listener that has any is not accepted: filters are never skipped";

/** What the experimental channel has besides. */
export const unserved: readonly UnservedField[] = [
  { kind: "Gateway", field: "spec.defaultScope", why: noDefaultGateway },
  {
    kind: "Gateway",
    field: "spec.addresses[].routability",
    why: "a Gateway that asks for any is not accepted: an address for some must not become one for everybody",
  },
  { kind: "Gateway", field: "spec.listeners[].filters", why: listenerFilters },
  { kind: "ListenerSet", field: "spec.listeners[].filters", why: listenerFilters },
  { kind: "HTTPRoute", field: "spec.rules[].filters[].externalAuth", why: externalAuth },
  { kind: "HTTPRoute", field: "spec.rules[].backendRefs[].filters[].externalAuth", why: externalAuth },
  { kind: "HTTPRoute", field: "spec.useDefaultGateways", why: noDefaultGateway },
  { kind: "GRPCRoute", field: "spec.useDefaultGateways", why: noDefaultGateway },
  { kind: "TLSRoute", field: "spec.useDefaultGateways", why: noDefaultGateway },
  { kind: "TCPRoute", field: "spec.useDefaultGateways", why: noDefaultGateway },
  { kind: "UDPRoute", field: "spec.useDefaultGateways", why: noDefaultGateway },
];
