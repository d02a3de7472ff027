import { expect, it } from "vitest";
import { openLoadBalancerPool } from "./load-balancer-pool.ts";

it("hands out addresses in order and leaves out the first and the last of the range", () => {
  const pool = openLoadBalancerPool("10.200.0.0/29");
  const given = ["a", "b", "c", "d", "e", "f", "g"].map((uid) => pool.assign(uid, undefined));
  expect(given).toEqual([
    "10.200.0.1",
    "10.200.0.2",
    "10.200.0.3",
    "10.200.0.4",
    "10.200.0.5",
    "10.200.0.6",
    undefined,
  ]);
});

it("gives a Service the same address again", () => {
  const pool = openLoadBalancerPool("10.200.0.0/24");
  expect(pool.assign("a", undefined)).toBe("10.200.0.1");
  expect(pool.assign("a", undefined)).toBe("10.200.0.1");
  expect(pool.assign("a", "10.200.0.1")).toBe("10.200.0.1");
});

it("gives an address that is asked for, and the next Service that asks for it nothing", () => {
  const pool = openLoadBalancerPool("10.200.0.0/24");
  expect(pool.assign("a", "10.200.0.9")).toBe("10.200.0.9");
  expect(pool.assign("b", "10.200.0.9")).toBeUndefined();
  pool.release("a");
  expect(pool.assign("b", "10.200.0.9")).toBe("10.200.0.9");
});

it.each(["10.200.1.0", "10.200.0.0", "10.200.0.255", "192.0.2.1", "", "10.200.0.01", "10.200.0.999", "::1", "name"])(
  "never gives %j, which is not in the pool",
  (requested) => {
    const pool = openLoadBalancerPool("10.200.0.0/24");
    expect(pool.assign("a", requested)).toBeUndefined();
  },
);

it("frees the address that a Service no longer asks for", () => {
  const pool = openLoadBalancerPool("10.200.0.0/24");
  pool.assign("a", "10.200.0.9");
  expect(pool.assign("a", "10.200.0.10")).toBe("10.200.0.10");
  expect(pool.assign("b", "10.200.0.9")).toBe("10.200.0.9");
});

it("leaves alone what a Service had before", () => {
  const pool = openLoadBalancerPool("10.200.0.0/24");
  pool.adopt("a", "10.200.0.1");
  expect(pool.assign("b", undefined)).toBe("10.200.0.2");
  expect(pool.assign("a", undefined)).toBe("10.200.0.1");
});

it("refuses what is no range", () => {
  expect(() => openLoadBalancerPool("10.200.0.0")).toThrow("bug:");
});
