import { expect, it } from "vitest";
import type { DataPlaneState } from "../core/data-plane.ts";
import { type NamespacedName, namespacedName } from "../core/keys.ts";
import { PeerReports } from "./peer-reports.ts";

const [shared, other] = [namespacedName("infra", "shared"), namespacedName("infra", "other")];
const state = (proxies: number): DataPlaneState => ({
  proxies,
  readyProxies: proxies,
  listeners: new Map([["http-80", ["1"]]]),
  refusals: new Map(),
});

function start() {
  const told: (readonly [NamespacedName, number | undefined])[] = [];
  const timers = new Map<() => void, number>();
  const reports = new PeerReports({
    onMerged: (gateway, merged) => told.push([gateway, merged?.proxies]),
    scheduler: {
      after: (milliseconds, task) => {
        timers.set(task, milliseconds);
        return () => timers.delete(task);
      },
    },
  });
  const expire = () => {
    for (const task of [...timers.keys()]) if (timers.delete(task)) task();
  };
  return { reports, timers, expire, take: () => told.splice(0) };
}

it("tells what all replicas together have heard, and only what changed", () => {
  const { reports, take } = start();
  reports.set("a", shared, state(2));
  reports.set("b", shared, state(1));
  reports.set("b", shared, state(1));
  expect(take()).toEqual([
    [shared, 2],
    [shared, 3],
  ]);
  reports.set("a", shared, undefined);
  reports.set("b", shared, undefined);
  reports.set("b", shared, undefined);
  expect(take()).toEqual([
    [shared, 1],
    [shared, undefined],
  ]);
});

it("takes nothing back when a replica connects again in time", () => {
  const { reports, timers, expire, take } = start();
  reports.set("a", shared, state(2));
  reports.set("a", other, state(1));
  take();
  reports.replicaGone("a");
  expect([...timers.values()]).toEqual([30_000]);
  reports.replicaConnected("a");
  expire();
  reports.set("a", shared, state(2));
  reports.set("a", other, state(1));
  reports.replicaComplete("a", new Set([shared, other]));
  expect(take()).toEqual([]);
});

it("forgets after a reconnect what was not said again, and nothing of the other replicas", () => {
  const { reports, take } = start();
  reports.set("a", shared, state(2));
  reports.set("a", other, state(1));
  reports.set("b", other, state(4));
  take();
  reports.replicaGone("a");
  reports.replicaConnected("a");
  reports.set("a", shared, state(2));
  reports.replicaComplete("a", new Set([shared]));
  expect(take()).toEqual([[other, 4]]);
});

it("forgets a replica that stays away", () => {
  const { reports, expire, take } = start();
  reports.set("a", shared, state(2));
  reports.set("b", shared, state(1));
  take();
  reports.replicaGone("a");
  reports.replicaGone("a");
  expire();
  expect(take()).toEqual([[shared, 1]]);
});

it("forgets everything without a word when it stops", () => {
  const { reports, timers, take } = start();
  reports.set("a", shared, state(2));
  reports.replicaGone("a");
  take();
  reports.clear();
  expect(timers.size).toBe(0);
  expect(take()).toEqual([]);
  reports.set("a", shared, state(2));
  expect(take()).toEqual([[shared, 2]]);
});
