import { describe, expect, it } from "vitest";
import type { DataPlaneState } from "../core/data-plane.ts";
import { gatewayResourceKey, type NamespacedName, namespacedName } from "../core/keys.ts";
import { ResourceTable } from "../xds/resource-table.ts";
import { createAcknowledgements } from "./acknowledgements.ts";

const gateway = namespacedName("infra", "edge");
const hostKey = (hostname: string) => gatewayResourceKey(gateway, `http-80/${hostname}`);
const state: DataPlaneState = {
  proxies: 3,
  readyProxies: 3,
  listeners: new Map(),
  refusals: new Map([["route/http-80", "no"]]),
};

/** What three proxies hold of each route table, and how the tables are now. */
function world(
  tables: Readonly<Record<string, string>>,
  held: Readonly<Record<string, readonly (string | undefined)[]>>,
) {
  const table = new ResourceTable();
  table.addFleet(gateway);
  table.update(
    gateway,
    Object.entries(tables).map(([name, version]) => ({
      type: "route" as const,
      name,
      resource: { type: "route" as const, name, version, bytes: new Uint8Array() },
    })),
  );
  return createAcknowledgements({
    translator: { dataPlane: (asked: NamespacedName) => (asked === gateway ? state : undefined) },
    table,
    held: (_gateway, name) => held[name] ?? [undefined, undefined, undefined],
  });
}

describe("acknowledgements", () => {
  it("count the proxies that run the shared table as it is now", () => {
    const ask = world({ "http-80": "2" }, { "http-80": ["2", "1", undefined] });
    expect(ask(gateway, [hostKey("a.com")])).toEqual({
      connected: 3,
      acknowledged: 1,
      refusals: ["route/http-80: no"],
    });
  });

  it("look at a hostname's own table where it has one, and want all of several hostnames", () => {
    const tables = { "http-80": "9", "http-80/a.com": "1", "http-80/b.com": "1" };
    const ask = world(tables, { "http-80/a.com": ["1", "1", "1"], "http-80/b.com": ["1", undefined, "0"] });
    expect(ask(gateway, [hostKey("a.com")])).toMatchObject({ acknowledged: 3 });
    expect(ask(gateway, [hostKey("a.com"), hostKey("b.com")])).toMatchObject({ acknowledged: 1 });
  });

  it("say nothing of a Gateway of which nobody has heard", () => {
    expect(world({}, {})(namespacedName("infra", "other"), [hostKey("a.com")])).toBeUndefined();
  });
});
