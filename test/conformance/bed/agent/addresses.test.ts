import { expect, it } from "vitest";
import { addressPool, hardwareAddress } from "./addresses.ts";

it("the first /24 is left alone, and the last address", () => {
  const pool = addressPool("10.244.0.0/23");
  const all = Array.from({ length: 300 }, () => pool.take()).filter((address) => address !== undefined);
  expect([all[0], all.at(-1), all.length]).toEqual(["10.244.1.0", "10.244.1.254", 255]);
});

it("an address comes back only when every other one was used", () => {
  const pool = addressPool("10.244.0.0/23");
  const first = pool.take() ?? "";
  pool.release(first);
  pool.release(first);
  const next = Array.from({ length: 255 }, () => pool.take());
  expect(next.indexOf(first)).toBe(254);
  expect(pool.take()).toBeUndefined();
});

it("an address has always the same hardware address", () => {
  expect(hardwareAddress("10.244.1.200")).toBe("0a:58:0a:f4:01:c8");
});
