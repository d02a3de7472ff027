/** Weights of endpoints that follow from weights of the Services that they are of. */
import type { EndpointAddress } from "../nodes.ts";

/** One backend of a rule. */
export interface WeightedAddresses {
  /** More than 0. */
  readonly weight: number;
  /** At least one. */
  readonly addresses: readonly EndpointAddress[];
}

export interface WeightedEndpoint extends EndpointAddress {
  /** From 1 on. */
  readonly weight: number;
}

/**
 * Shares the weight of each backend among its endpoints. An address that several have is there once, with the weights of all:
 * Envoy takes an address for one host, wherever it is listed. The smallest whole numbers that say it, sorted by address.
 */
export function endpointWeights(backends: readonly WeightedAddresses[]): readonly WeightedEndpoint[] {
  const total = backends.reduce((sum, { weight }) => sum + weight, 0);
  const exact = backends.reduce((multiple, { addresses }) => leastCommonMultiple(multiple, addresses.length), 1);
  const factor = Math.min(exact, Math.floor(largestTotal / Math.max(total, 1)));
  const byAddress = new Map<string, WeightedEndpoint>();
  for (const { weight, addresses } of backends) {
    const share = Math.max(1, Math.floor((weight * factor) / addresses.length));
    for (const { address, port } of addresses) {
      const key = `${address} ${port}`;
      byAddress.set(key, { address, port, weight: (byAddress.get(key)?.weight ?? 0) + share });
    }
  }
  const divisor = [...byAddress.values()].reduce((common, { weight }) => greatestCommonDivisor(common, weight), 0);
  return [...byAddress]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, endpoint]) => ({ ...endpoint, weight: endpoint.weight / divisor }));
}

/** Envoy adds weights up in 32 bits; the rest is room for endpoints that would get less than 1. */
const largestTotal = 2 ** 31;

function leastCommonMultiple(a: number, b: number): number {
  return Math.min((a / greatestCommonDivisor(a, b)) * b, largestTotal);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
