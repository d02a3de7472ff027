import { describe, expect, it } from "vitest";
import { type ResourceType, resourceTypes } from "../core/xds-resource.ts";
import { gatesOf, type Progress } from "./ordering.ts";

const never = Number.POSITIVE_INFINITY;

interface Given {
  readonly upserts?: Partial<Record<ResourceType, number>>;
  readonly removals?: Partial<Record<ResourceType, number>>;
  readonly newClusters?: number;
  readonly awaited?: number;
}

function progress({ upserts, removals, newClusters, awaited }: Given): Progress {
  return {
    outstanding: (type) => ({ upserts: upserts?.[type] ?? never, removals: removals?.[type] ?? never }),
    newClusters: () => newClusters ?? never,
    awaited: () => awaited ?? never,
  };
}

describe("the ladder", () => {
  it.each(resourceTypes)("O1: nothing holds %s back when nothing is outstanding", (type) => {
    const gates = gatesOf(type, progress({}));
    expect([gates.upserts(), gates.wanted(), gates.removals()]).toEqual([never, never, never]);
  });

  it.each(["cluster", "endpoint", "secret"] as const)("O2: additions of %s wait for nothing at all", (type) => {
    const everything = Object.fromEntries(resourceTypes.map((one) => [one, 1]));
    const gates = gatesOf(type, progress({ upserts: everything, removals: everything, newClusters: 1, awaited: 1 }));
    expect([gates.upserts(), gates.wanted()]).toEqual([never, never]);
  });

  it.each([
    { type: "listener", waitsFor: {}, newClusters: 5, gate: 5 },
    { type: "scope", waitsFor: { listener: 3 }, newClusters: 5, gate: 3 },
    { type: "route", waitsFor: { listener: 4, scope: 3 }, newClusters: 5, gate: 3 },
    { type: "route", waitsFor: { endpoint: 1, secret: 1, cluster: 1, route: 1 }, newClusters: never, gate: never },
  ] as const)(
    "O2: new content of $type waits for $waitsFor and new clusters",
    ({ type, waitsFor, newClusters, gate }) => {
      expect(gatesOf(type, progress({ upserts: waitsFor, newClusters })).upserts()).toBe(gate);
    },
  );

  it("O2: what a client asked for and lacks waits for new clusters only", () => {
    const gates = gatesOf("route", progress({ upserts: { listener: 1, scope: 1 }, newClusters: 7 }));
    expect(gates.wanted()).toBe(7);
  });

  it.each([
    { type: "listener", upserts: ["listener"], removals: [] },
    { type: "scope", upserts: ["listener", "scope", "route"], removals: ["listener"] },
    { type: "route", upserts: ["listener", "scope", "route"], removals: ["listener", "scope"] },
    { type: "cluster", upserts: ["listener", "scope", "route"], removals: ["listener", "scope", "route"] },
    {
      type: "endpoint",
      upserts: ["cluster", "listener", "scope", "route"],
      removals: ["cluster", "listener", "scope", "route"],
    },
    { type: "secret", upserts: ["cluster", "listener"], removals: ["cluster", "listener"] },
  ] as const)("O3: $type is removed after new $upserts and removed $removals", ({ type, upserts, removals }) => {
    for (const other of resourceTypes) {
      const waitsForUpserts = gatesOf(type, progress({ upserts: { [other]: 9 } })).removals() === 9;
      const waitsForRemovals = gatesOf(type, progress({ removals: { [other]: 9 } })).removals() === 9;
      expect([other, waitsForUpserts, waitsForRemovals]).toEqual([
        other,
        (upserts as readonly string[]).includes(other),
        (removals as readonly string[]).includes(other),
      ]);
    }
  });

  it("O3: no removal but a listener's goes before the client has asked for what its listeners name", () => {
    for (const type of resourceTypes) {
      expect(gatesOf(type, progress({ awaited: 2 })).removals()).toBe(type === "listener" ? never : 2);
    }
  });

  it("has no cycle: additions wait for earlier types only, removals for additions and for earlier removals", () => {
    const additions = ["cluster", "endpoint", "secret", "listener", "scope", "route"] as const;
    for (const [index, type] of additions.entries()) {
      for (const later of additions.slice(index)) {
        expect(gatesOf(type, progress({ upserts: { [later]: 1 }, removals: { [later]: 1 } })).upserts()).toBe(never);
      }
    }
    const removals = ["listener", "scope", "route", "cluster", "endpoint", "secret"] as const;
    for (const [index, type] of removals.entries()) {
      for (const later of removals.slice(index)) {
        expect(gatesOf(type, progress({ removals: { [later]: 1 } })).removals()).toBe(never);
      }
    }
  });

  it("works each gate out once, and only when it is asked for", () => {
    let asked = 0;
    const gates = gatesOf("route", { ...progress({}), newClusters: () => ++asked });
    expect(asked).toBe(0);
    expect([gates.upserts(), gates.upserts(), asked]).toEqual([1, 1, 1]);
  });
});
