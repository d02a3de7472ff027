import { describe, expect, it } from "vitest";
import { namespacedName } from "../core/keys.ts";
import type { ResourceType, XdsResource } from "../core/xds-resource.ts";
import { type ChangedNames, ResourceTable, versionOf } from "./resource-table.ts";

const gateway = namespacedName("a", "gateway");

function resource(type: ResourceType, name: string, version = "1"): XdsResource {
  return { type, name, version, bytes: Buffer.from(version) };
}

function change(one: XdsResource) {
  return { type: one.type, name: one.name, resource: one };
}

describe("the table", () => {
  it("serves a Gateway once it is ready and the Gateway is known", () => {
    const table = new ResourceTable();
    table.update(gateway, [change(resource("cluster", "x"))]);
    expect([table.knows(gateway), table.serves(gateway)]).toEqual([false, false]);
    table.addFleet(gateway);
    expect([table.knows(gateway), table.serves(gateway)]).toEqual([true, false]);
    table.markReady();
    expect(table.serves(gateway)).toBe(true);
    table.setFleets([namespacedName("a", "other")]);
    expect([table.serves(gateway), table.serves(namespacedName("a", "other"))]).toEqual([false, true]);
  });

  it("tells all changes of a turn together, and as one generation", async () => {
    const table = new ResourceTable();
    const told: ChangedNames[] = [];
    table.onChange(gateway, (changed) => told.push(changed));
    table.update(gateway, [change(resource("cluster", "x")), change(resource("route", "r"))]);
    table.update(gateway, [change(resource("cluster", "y"))]);
    table.update(namespacedName("another", "gateway"), [change(resource("cluster", "z"))]);
    expect(told).toEqual([]);
    await Promise.resolve();
    expect(told).toEqual([
      new Map([
        ["cluster", new Set(["x", "y"])],
        ["route", new Set(["r"])],
      ]),
    ]);
    expect(table.entry(gateway, "cluster", "x")).toMatchObject({ created: 1, changed: 1 });
    table.update(gateway, [change(resource("cluster", "x", "2"))]);
    expect(table.entry(gateway, "cluster", "x")).toMatchObject({ created: 1, changed: 2 });
  });

  it("takes the same version for no change", async () => {
    const table = new ResourceTable();
    table.update(gateway, [change(resource("cluster", "x"))]);
    await Promise.resolve();
    let calls = 0;
    table.onChange(gateway, () => {
      calls += 1;
    });
    table.update(gateway, [change(resource("cluster", "x")), { type: "route", name: "none", resource: undefined }]);
    await Promise.resolve();
    expect([calls, table.generation]).toEqual([0, 1]);
  });

  it("stops telling who does not want to hear", async () => {
    const table = new ResourceTable();
    let calls = 0;
    const stop = table.onChange(gateway, () => {
      calls += 1;
    });
    stop();
    table.update(gateway, [change(resource("cluster", "x"))]);
    await Promise.resolve();
    expect(calls).toBe(0);
  });

  it("gives a copy of what a Gateway's proxies should have", () => {
    const table = new ResourceTable();
    table.update(gateway, [change(resource("cluster", "x")), change(resource("cluster", "y"))]);
    const snapshot = table.snapshot(gateway);
    table.update(gateway, [{ type: "cluster", name: "x", resource: undefined }]);
    expect([...snapshot.cluster.keys()]).toEqual(["x", "y"]);
    expect([...table.entries(gateway, "cluster").keys()]).toEqual(["y"]);
  });

  it("W13: versions follow from content alone", () => {
    const [one, two] = [new ResourceTable(), new ResourceTable()];
    one.update(gateway, [change(resource("cluster", "x")), change(resource("cluster", "y"))]);
    two.update(gateway, [change(resource("cluster", "y")), change(resource("cluster", "x", "0"))]);
    expect(two.version(gateway, "cluster")).not.toBe(one.version(gateway, "cluster"));
    two.update(gateway, [change(resource("cluster", "x"))]);
    expect(two.version(gateway, "cluster")).toBe(one.version(gateway, "cluster"));
    expect(one.version(gateway, "route")).toBe(versionOf([]));
    expect(versionOf([resource("cluster", "a", "b=c")])).not.toBe(versionOf([resource("cluster", "a=b", "c")]));
  });
});
