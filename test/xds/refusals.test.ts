import { expect, it } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import type { XdsResource } from "../../src/core/xds-resource.ts";
import type { Culprit } from "../../src/xds/culprit.ts";
import { FleetMemory } from "../../src/xds/fleet-memory.ts";
import { Refusals } from "../../src/xds/refusals.ts";
import type { ModelPart } from "./envoy-model.ts";
import { resourceOf } from "./resources.ts";
import { splitModel } from "./schedule.ts";

it("finds the bad part of a table that the client has already taken without it, and so is not sent that again", () => {
  const first = routeTable({ part: { tag: 1, bad: true } });
  const second = routeTable({ part: { tag: 2, bad: true } });
  const bare = routeTable({});
  let inTable = first;
  let held: XdsResource | undefined;
  const culprits: Culprit[] = [];
  const refusals = new Refusals({
    gateway: namespacedName("infra", "gateway"),
    memory: new FleetMemory(),
    split: splitModel,
    onCulprit: (culprit) => culprits.push(culprit),
    current: () => inTable,
    held: () => held,
  });
  refusals.refused(first, "the first");
  expect(refusals.fit(first, undefined)).toMatchObject({ resource: { version: bare.version }, isTrial: true });
  inTable = second;
  expect(refusals.fit(second, undefined)).toMatchObject({ resource: { version: second.version }, isTrial: true });
  held = bare;
  refusals.acknowledged({
    kind: "upserts",
    upserts: new Map([[bare.name, { resource: bare, created: 0, since: 0 }]]),
    removals: new Set(),
  });
  refusals.refused(second, "the second");
  expect(culprits).toMatchObject([{ resource: second, words: "the second", part: { id: "part" } }]);
  expect(refusals.fit(second, bare.version)).toMatchObject({ resource: { version: bare.version }, isTrial: false });
});

function routeTable(parts: Readonly<Record<string, ModelPart>>): XdsResource {
  return resourceOf("route", "table", Buffer.from(JSON.stringify({ name: "table", tag: 0, parts })));
}
