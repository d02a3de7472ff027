import { expect, it } from "vitest";
import { endpointWeights } from "./endpoint-weights.ts";

const addresses = (...names: readonly string[]) => names.map((address) => ({ address, port: 53 }));
const many = (count: number) => addresses(...Array.from({ length: count }, (_each, index) => `a${index}`));

it.each([
  { name: "one backend needs no weights", backends: [{ weight: 7, addresses: addresses("a", "b") }], want: "a 1, b 1" },
  {
    name: "a backend's weight does not grow with its endpoints",
    backends: [
      { weight: 1, addresses: addresses("a", "b", "c") },
      { weight: 1, addresses: addresses("d", "e") },
    ],
    want: "a 2, b 2, c 2, d 3, e 3",
  },
  {
    name: "the smallest whole numbers are told",
    backends: [
      { weight: 600, addresses: addresses("a") },
      { weight: 200, addresses: addresses("b") },
    ],
    want: "a 3, b 1",
  },
  {
    name: "an address of several backends has the weights of all",
    backends: [
      { weight: 2, addresses: addresses("a") },
      { weight: 1, addresses: addresses("a") },
      { weight: 1, addresses: addresses("b") },
    ],
    want: "a 3, b 1",
  },
])("$name", ({ backends, want }) => {
  expect(
    endpointWeights(backends)
      .map(({ address, weight }) => `${address} ${weight}`)
      .join(", "),
  ).toBe(want);
});

it("never goes beyond what Envoy adds up, and leaves no endpoint without weight", () => {
  const counts = [997, 991, 983, 977, 971, 967];
  const weighted = endpointWeights(
    counts.map((count, index) => ({
      weight: index === 0 ? 1 : 1_000_000,
      addresses: many(count).map(({ port, address }) => ({ port, address: `${index}-${address}` })),
    })),
  );
  expect(weighted.reduce((sum, { weight }) => sum + weight, 0)).toBeLessThan(2 ** 32);
  expect(weighted.every(({ weight }) => Number.isInteger(weight) && weight >= 1)).toBe(true);
});

it("says nothing of nothing", () => {
  expect(endpointWeights([])).toEqual([]);
});
