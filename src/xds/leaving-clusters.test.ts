import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LeavingClusters } from "./leaving-clusters.ts";
import type { Gates } from "./ordering.ts";

const lingerMs = 5000;
let pumps = 0;
let isFree = true;
let leaving: LeavingClusters;

const gates: Gates = { mayAdd: () => true, mayRemove: () => isFree };
const mayRemove = (name: string) => leaving.delay("cluster", gates).mayRemove(name, 1);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  [pumps, isFree] = [0, true];
  leaving = new LeavingClusters(lingerMs, () => {
    pumps += 1;
  });
});

afterEach(() => {
  leaving.close();
  vi.useRealTimers();
});

it("removes a cluster that nothing has named for a while, and asks for it then", () => {
  expect(mayRemove("a")).toBe(false);
  vi.advanceTimersByTime(lingerMs - 1);
  expect([mayRemove("a"), pumps]).toEqual([false, 0]);
  vi.advanceTimersByTime(2);
  expect([mayRemove("a"), pumps]).toEqual([true, 1]);
});

it("begins anew when the cluster is named again or changes meanwhile", () => {
  mayRemove("a");
  mayRemove("b");
  vi.advanceTimersByTime(lingerMs - 1);
  isFree = false;
  expect(mayRemove("a")).toBe(false);
  isFree = true;
  leaving.forget("cluster", ["b"]);
  vi.advanceTimersByTime(2);
  expect([mayRemove("a"), mayRemove("b")]).toEqual([false, false]);
  vi.advanceTimersByTime(lingerMs + 1);
  expect([mayRemove("a"), mayRemove("b")]).toEqual([true, true]);
});

it("rings for each cluster in its time, with one timer", () => {
  mayRemove("a");
  vi.advanceTimersByTime(3000);
  mayRemove("b");
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(2001);
  expect([mayRemove("a"), mayRemove("b"), vi.getTimerCount()]).toEqual([true, false, 1]);
  vi.advanceTimersByTime(3000);
  expect([mayRemove("b"), pumps]).toEqual([true, 2]);
});

it("delays nothing but clusters, and nothing when it should not", () => {
  expect(leaving.delay("route", gates).mayRemove("r", 1)).toBe(true);
  expect(new LeavingClusters(0, () => {}).delay("cluster", gates).mayRemove("a", 1)).toBe(true);
});
