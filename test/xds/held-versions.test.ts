import { afterEach, describe, expect, it } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import { eventually } from "../support/envoy.ts";
import { resource } from "./resources.ts";
import { service, settle } from "./stream.case.ts";
import { startWorld, type World } from "./world.ts";

let world: World | undefined;
afterEach(() => world?.stop());

describe.each(["delta", "sotw"] as const)("what a %s proxy has acknowledged", (transport) => {
  it("is told for each proxy of the Gateway, by resource", async () => {
    world = await startWorld({ transport });
    const { server, gateway, set } = world;
    const table = resource("route", "http-80", "1");
    set(...service("one"), table);
    expect(server.held(gateway, "route", "http-80")).toEqual([]);
    const client = world.connect();
    await settle(client, ["one"], ["http-80"]);
    const shown = (version: string) => () => {
      expect(server.held(gateway, "route", "http-80")).toEqual([version]);
      return true;
    };
    await eventually("the first table is acknowledged", shown(table.version));
    const next = resource("route", "http-80", "2");
    set(next);
    await client.take("route");
    await eventually("the next one is acknowledged", shown(next.version));
    expect(server.held(gateway, "route", "other")).toEqual([undefined]);
    expect(server.held(namespacedName("infra", "other"), "route", "http-80")).toEqual([]);
  });
});
