import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import type { DataPlaneState } from "../core/data-plane.ts";
import { namespacedName } from "../core/keys.ts";
import { type ConnectedProxy, DataPlaneWatch } from "./data-plane-watch.ts";

const gateway = namespacedName("a", "gateway");

it("tells a change once a turn, and nothing when nothing changed", async () => {
  let proxies: readonly ConnectedProxy[] = [];
  const refusals = new Map<string, string>();
  const told: DataPlaneState[] = [];
  const watch = new DataPlaneWatch({ proxies: () => proxies, refusals: () => new Map(refusals) }, (_, state) => {
    told.push(state);
  });
  const touch = async () => {
    watch.touch(gateway);
    watch.touch(gateway);
    await setImmediate();
    await setImmediate();
    return told.splice(0);
  };
  expect(await touch()).toEqual([]);
  const listeners = new Map([
    ["l", "1"],
    ["unknown", ""],
  ]);
  proxies = [{ firstConfigAcknowledged: true, listeners }];
  expect(await touch()).toEqual([
    { proxies: 1, readyProxies: 1, listeners: new Map([["l", ["1"]]]), refusals: new Map() },
  ]);
  expect(await touch()).toEqual([]);
  proxies = [...proxies, { firstConfigAcknowledged: false, listeners: new Map() }];
  refusals.set("route/r", "bad");
  const refused = new Map([["route/r", "bad"]]);
  expect(await touch()).toEqual([
    { proxies: 2, readyProxies: 1, listeners: new Map([["l", ["1"]]]), refusals: refused },
  ]);
  refusals.clear();
  await touch();
  const running = (version: string) => ({ firstConfigAcknowledged: true, listeners: new Map([["l", version]]) });
  proxies = [running("3"), running("2"), running("3")];
  expect(await touch()).toEqual([
    { proxies: 3, readyProxies: 3, listeners: new Map([["l", ["2", "3"]]]), refusals: new Map() },
  ]);
  proxies = [...proxies].reverse();
  expect(await touch()).toEqual([]);
  proxies = [running("4"), running("2"), running("3")];
  expect((await touch()).map((state) => state.listeners.get("l"))).toEqual([["2", "3", "4"]]);
  proxies = [];
  refusals.clear();
  expect(await touch()).toEqual([{ proxies: 0, readyProxies: 0, listeners: new Map(), refusals: new Map() }]);
  proxies = [{ firstConfigAcknowledged: true, listeners }];
  watch.touch(gateway);
  watch.stop();
  await setImmediate();
  expect(told).toEqual([]);
});
