import { describe, expect, it } from "vitest";
import { type ResourceType, resourceTypes, type XdsResource } from "../core/xds-resource.ts";
import { type Gates, gatesOf, type KeptTable, type Progress } from "./ordering.ts";

const never = Number.POSITIVE_INFINITY;

interface Given {
  readonly upserts?: Partial<Record<ResourceType, number>>;
  readonly removals?: Partial<Record<ResourceType, number>>;
  readonly newClusters?: number;
  readonly unusable?: readonly string[];
  readonly coming?: readonly string[];
  readonly awaited?: number;
  readonly newScopes?: number;
  readonly kept?: readonly KeptTable[];
}

function progress({ upserts, removals, newClusters, unusable, coming, awaited, newScopes, kept }: Given): Progress {
  return {
    outstanding: (type) => ({ upserts: upserts?.[type] ?? never, removals: removals?.[type] ?? never }),
    newClusters: () => newClusters ?? never,
    unusable: () => new Set(unusable),
    comingClusters: () => new Set(coming),
    awaited: () => awaited ?? never,
    newScopes: () => newScopes ?? never,
    kept: () => kept ?? [],
    oldestMovingTable: () => upserts?.route ?? never,
  };
}

function resource(type: ResourceType, clusters?: readonly string[]): XdsResource {
  const one = { type, name: "r", version: "1", bytes: new Uint8Array() };
  return clusters === undefined ? one : { ...one, clusters: () => new Set(clusters) };
}

/** Below which generation something may be sent, up to 100. */
function gate(may: (generation: number) => boolean): number {
  for (let generation = 0; generation < 100; generation += 1) if (!may(generation)) return generation;
  return never;
}

const additions = (gates: Gates, type: ResourceType, isWanted = false) =>
  gate((changed) => gates.mayAdd({ resource: resource(type), changed, isWanted }));
const removals = (gates: Gates) => gate((at) => gates.mayRemove("r", at));

describe("the ladder", () => {
  it.each(resourceTypes)("O1: nothing holds %s back when nothing is outstanding", (type) => {
    const gates = gatesOf(type, progress({}));
    expect([additions(gates, type), additions(gates, type, true), removals(gates)]).toEqual([never, never, never]);
  });

  it.each(["cluster", "endpoint", "secret"] as const)("O2: additions of %s wait for nothing at all", (type) => {
    const everything = Object.fromEntries(resourceTypes.map((one) => [one, 1]));
    const gates = gatesOf(
      type,
      progress({ upserts: everything, removals: everything, newClusters: 1, unusable: ["r"], awaited: 1 }),
    );
    expect([additions(gates, type), additions(gates, type, true)]).toEqual([never, never]);
  });

  it.each([
    { type: "listener", waitsFor: {}, newClusters: 5, want: 5 },
    { type: "scope", waitsFor: { listener: 3 }, newClusters: 1, want: never },
    { type: "route", waitsFor: { listener: 4, scope: 3 }, newClusters: 5, want: 3 },
    { type: "route", waitsFor: { listener: 4, scope: 3 }, newClusters: 2, want: 2 },
    { type: "route", waitsFor: { endpoint: 1, secret: 1, cluster: 1, route: 1 }, newClusters: never, want: never },
  ] as const)(
    "O2: new content of $type waits for $waitsFor and, where nobody knows which it names, for new clusters",
    ({ type, waitsFor, newClusters, want }) => {
      expect(additions(gatesOf(type, progress({ upserts: waitsFor, newClusters })), type)).toBe(want);
    },
  );

  it("O2: a listener waits for new scopes and their tables, where the client reads scopes already", () => {
    expect(additions(gatesOf("listener", progress({ newScopes: 4 })), "listener")).toBe(4);
    expect(additions(gatesOf("scope", progress({ newScopes: 4 })), "scope")).toBe(never);
  });

  it("O2: what a client asked for and lacks waits for new clusters only", () => {
    const gates = gatesOf("route", progress({ upserts: { listener: 1, scope: 1 }, newClusters: 7 }));
    expect(additions(gates, "route", true)).toBe(7);
  });

  it("O6: a table waits for the clusters that it names, and for no other", () => {
    const gates = gatesOf("route", progress({ newClusters: 0, unusable: ["late", "refused"] }));
    const may = (...clusters: readonly string[]) =>
      gates.mayAdd({ resource: resource("route", clusters), changed: 9, isWanted: true });
    expect([may(), may("a", "b"), may("a", "late"), may("refused")]).toEqual([true, true, false, false]);
  });

  it("O6: a listener that reads no table waits for the clusters that it names, while they are coming, and for no other", () => {
    const gates = gatesOf("listener", progress({ newClusters: 0, unusable: ["late", "refused"], coming: ["late"] }));
    const may = (...clusters: readonly string[]) =>
      gates.mayAdd({ resource: { ...resource("listener", clusters), readsNoTable: true }, changed: 9, isWanted: true });
    expect([may(), may("a", "b"), may("a", "late"), may("refused")]).toEqual([true, true, false, true]);
  });

  it("O6: a listener that reads tables too waits for new clusters besides", () => {
    const may = (given: Given, ...clusters: readonly string[]) =>
      gate((changed) =>
        gatesOf("listener", progress(given)).mayAdd({
          resource: resource("listener", clusters),
          changed,
          isWanted: true,
        }),
      );
    expect(may({ newClusters: 5 }, "a")).toBe(5);
    expect(may({ newClusters: 5, coming: ["a"] }, "a")).toBe(0);
    expect(may({ coming: ["b"] }, "a")).toBe(never);
  });

  it("O6: nobody asks which clusters a table names while all can be used", () => {
    const table: XdsResource = {
      ...resource("route"),
      clusters: () => {
        throw new Error("asked");
      },
    };
    expect(gatesOf("route", progress({})).mayAdd({ resource: table, changed: 9, isWanted: false })).toBe(true);
  });

  it.each(["cluster", "endpoint"] as const)("O6: no %s goes that a table names which is kept as it was", (type) => {
    const kept = [{ since: 3, clusters: new Set(["a"]) }];
    const gates = gatesOf(type, progress({ kept }));
    expect([gates.mayRemove("a", 1), gates.mayRemove("b", 9)]).toEqual([false, true]);
    const unknown = gatesOf(type, progress({ kept: [{ since: 3, clusters: undefined }] }));
    expect([unknown.mayRemove("a", 2), unknown.mayRemove("a", 3)]).toEqual([true, false]);
  });

  it.each([
    { type: "listener", upserts: [], before: [] },
    { type: "scope", upserts: ["listener", "scope", "route"], before: ["listener"] },
    { type: "route", upserts: ["listener", "scope", "route"], before: ["listener", "scope"] },
    { type: "cluster", upserts: ["listener", "scope", "route"], before: ["listener", "scope", "route"] },
    {
      type: "endpoint",
      upserts: ["cluster", "listener", "scope", "route"],
      before: ["cluster", "listener", "scope", "route"],
    },
    { type: "secret", upserts: ["cluster", "listener"], before: ["cluster", "listener"] },
  ] as const)("O3: $type is removed after new $upserts and removed $before", ({ type, upserts, before }) => {
    for (const other of resourceTypes) {
      const waitsForUpserts = removals(gatesOf(type, progress({ upserts: { [other]: 9 } }))) === 9;
      const waitsForRemovals = removals(gatesOf(type, progress({ removals: { [other]: 9 } }))) === 9;
      expect([other, waitsForUpserts, waitsForRemovals]).toEqual([
        other,
        (upserts as readonly string[]).includes(other),
        (before as readonly string[]).includes(other),
      ]);
    }
  });

  it("O3: no removal but a listener's goes before the client has asked for what its listeners name", () => {
    for (const type of resourceTypes) {
      expect(removals(gatesOf(type, progress({ awaited: 2 })))).toBe(type === "listener" ? never : 2);
    }
  });

  it("has no cycle: additions wait for earlier types only, removals for additions and for earlier removals", () => {
    const order = ["cluster", "endpoint", "secret", "listener", "scope", "route"] as const;
    for (const [index, type] of order.entries()) {
      for (const later of order.slice(index)) {
        // Removals of listeners wait for none of these.
        const goes = later === "listener" ? {} : { [later]: 1 };
        const gates = gatesOf(type, progress({ upserts: { [later]: 1 }, removals: goes }));
        expect(additions(gates, type)).toBe(never);
      }
    }
    const goingOrder = ["listener", "scope", "route", "cluster", "endpoint", "secret"] as const;
    for (const [index, type] of goingOrder.entries()) {
      for (const later of goingOrder.slice(index)) {
        expect(removals(gatesOf(type, progress({ removals: { [later]: 1 } })))).toBe(never);
      }
    }
  });

  it("O7: a listener goes before one that comes with it or after it, which may have its address", () => {
    const leaving = progress({ removals: { listener: 4 }, upserts: { listener: 4 } });
    expect([additions(gatesOf("listener", leaving), "listener"), removals(gatesOf("listener", leaving))]).toEqual([
      4,
      never,
    ]);
    expect(additions(gatesOf("listener", leaving), "listener", true)).toBe(4);
  });

  it("O7: a listener does not go before what comes in its place may follow", () => {
    expect(removals(gatesOf("listener", progress({ newClusters: 3 })))).toBe(3);
    expect(removals(gatesOf("listener", progress({ newScopes: 5 })))).toBe(5);
  });

  it("works each gate out once, and only when it is asked for", () => {
    let asked = 0;
    const gates = gatesOf("route", { ...progress({}), newClusters: () => ++asked });
    expect(asked).toBe(0);
    const candidate = { resource: resource("route"), changed: 0, isWanted: false };
    expect([gates.mayAdd(candidate), gates.mayAdd(candidate), asked]).toEqual([true, true, 1]);
  });
});
