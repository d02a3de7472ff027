import { expect, it } from "vitest";
import type { DataPlaneState } from "../core/data-plane.ts";
import { mergeDataPlane } from "./merge.ts";

const one: DataPlaneState = {
  proxies: 2,
  readyProxies: 1,
  listeners: new Map([
    ["http-80", ["b", "c"]],
    ["https-443", ["x"]],
  ]),
  refusals: new Map([["route/r", "unknown regex"]]),
};
const other: DataPlaneState = {
  proxies: 1,
  readyProxies: 1,
  listeners: new Map([["http-80", ["a", "b"]]]),
  refusals: new Map([
    ["route/r", "bad regex"],
    ["listener/l", "bad"],
  ]),
};

it("adds proxies up and joins versions and refusals, in an order of its own", () => {
  const merged = mergeDataPlane([one, other]);
  expect(merged).toEqual({
    proxies: 3,
    readyProxies: 2,
    listeners: new Map([
      ["http-80", ["a", "b", "c"]],
      ["https-443", ["x"]],
    ]),
    refusals: new Map([
      ["listener/l", "bad"],
      ["route/r", "bad regex"],
    ]),
  });
  expect([...merged.refusals.keys()]).toEqual(["listener/l", "route/r"]);
  expect(mergeDataPlane([other, one])).toEqual(merged);
});

it("makes nothing of nothing, and leaves one state as it is", () => {
  expect(mergeDataPlane([])).toEqual({ proxies: 0, readyProxies: 0, listeners: new Map(), refusals: new Map() });
  expect(mergeDataPlane([one])).toEqual(one);
});
