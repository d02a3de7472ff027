import { beforeEach, expect, it } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import type { XdsResource } from "../../src/core/xds-resource.ts";
import type { Culprit } from "../../src/xds/culprit.ts";
import { FleetMemory } from "../../src/xds/fleet-memory.ts";
import { HeldContent } from "../../src/xds/held-content.ts";
import { Refusals } from "../../src/xds/refusals.ts";
import { splitModel } from "./model-config.ts";
import type { ModelPart } from "./model-content.ts";
import { resource, resourceOf } from "./resources.ts";

const first = routeTable({ part: { tag: 1, bad: true } });
const second = routeTable({ part: { tag: 2, bad: true } });
const bare = routeTable({});

let inTable: XdsResource | undefined;
let held: HeldContent;
let memory: FleetMemory;
let culprits: Culprit[];
let refusals: Refusals;

beforeEach(() => {
  inTable = first;
  held = new HeldContent();
  memory = new FleetMemory();
  culprits = [];
  refusals = new Refusals({
    gateway: namespacedName("infra", "gateway"),
    memory,
    split: splitModel,
    onCulprit: (culprit) => culprits.push(culprit),
    current: () => inTable,
    held: () => held,
  });
});

it("finds the bad part of a table that the client has already taken without it, and so is not sent that again", () => {
  refusals.refused(first, "the first");
  expect(refusals.fit(first, undefined)).toMatchObject({ resource: { version: bare.version }, isTrial: true });
  inTable = second;
  expect(refusals.fit(second, undefined)).toMatchObject({ resource: { version: second.version }, isTrial: true });
  held.acknowledge(bare);
  acknowledge(bare);
  refusals.refused(second, "the second");
  expect(culprits).toMatchObject([{ resource: second, words: "the second", part: { id: "part" } }]);
  expect(refusals.fit(second, bare.version)).toMatchObject({ resource: { version: bare.version }, isTrial: false });
});

it("finds the bad part also where a client that connected again has only told the version of what it has", () => {
  held.report(new Map([[bare.name, bare.version]]), () => undefined);
  refusals.refused(first, "it is bad");
  expect(culprits).toMatchObject([{ resource: first, words: "it is bad", part: { id: "part" } }]);
  expect(refusals.fit(first, bare.version)).toMatchObject({ resource: { version: bare.version }, isTrial: false });
});

it.each([
  { name: "its part", table: first, part: { part: { id: "part" } } },
  { name: "all of it", table: bare, part: {} },
])("tells again of what comes back as it was after it was found to be bad: $name", ({ table, part }) => {
  inTable = table;
  refusals.refused(table, "it is bad");
  refusals.fit(table, undefined);
  if (table === first) acknowledge(bare);
  expect(culprits).toMatchObject([{ resource: table, words: "it is bad", ...part }]);
  inTable = { ...table };
  refusals.fit(inTable, undefined);
  refusals.fit(inTable, undefined);
  expect(culprits).toHaveLength(2);
  expect(culprits[1]).toMatchObject({ words: "it is bad", ...part });
  expect(culprits[1]?.resource).toBe(inTable);
});

it("does not send again what was refused while it was gone, and tells of it when it is back", () => {
  const cluster = resource("cluster", "x");
  inTable = undefined;
  refusals.refused(cluster, "it is bad");
  expect(culprits).toEqual([]);
  inTable = cluster;
  expect(refusals.fit(cluster, undefined)).toEqual({ kind: "none" });
  expect(culprits).toMatchObject([{ resource: cluster, words: "it is bad" }]);
});

it("looks for the bad part of a table that was refused while it was gone, and tells what the client said", () => {
  inTable = undefined;
  refusals.refused(first, "it is bad");
  inTable = first;
  expect(refusals.fit(first, undefined)).toMatchObject({ resource: { version: bare.version }, isTrial: true });
  acknowledge(bare);
  expect(culprits).toMatchObject([{ resource: first, words: "it is bad", part: { id: "part" } }]);
});

it("remembers nothing of a resource that went while it was on its way", () => {
  inTable = undefined;
  acknowledge(bare);
  expect(memory.lastGood("route", bare.name)).toBeUndefined();
  inTable = bare;
  acknowledge(bare);
  expect(memory.lastGood("route", bare.name)).toBe(bare);
});

function acknowledge(taken: XdsResource): void {
  refusals.acknowledged({
    kind: "upserts",
    upserts: new Map([[taken.name, { resource: taken, created: 0, since: 0 }]]),
    removals: new Set(),
  });
}

function routeTable(parts: Readonly<Record<string, ModelPart>>): XdsResource {
  return resourceOf("route", "table", Buffer.from(JSON.stringify({ name: "table", tag: 0, parts })));
}
