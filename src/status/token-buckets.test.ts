import { expect, it } from "vitest";
import { keepNewest, TokenBuckets } from "./token-buckets.ts";

it("gives each key its burst, and then one for each time that it refills", () => {
  let now = 0;
  const buckets = new TokenBuckets({ burst: 2, refill: 100, most: 10, now: () => now });
  const takeThree = () => [1, 2, 3].map(() => buckets.take("a"));
  expect(takeThree()).toEqual([true, true, false]);
  expect(buckets.take("b")).toBe(true);
  now = 100;
  expect(takeThree()).toEqual([true, false, false]);
  now = 100_000;
  expect(takeThree()).toEqual([true, true, false]);
});

it("forgets what was used longest ago", () => {
  const map = new Map([
    ["a", 1],
    ["b", 2],
  ]);
  expect(keepNewest(map, { key: "a", value: 3, most: 2 })).toBeUndefined();
  expect(keepNewest(map, { key: "c", value: 4, most: 2 })).toBe(2);
  expect([...map]).toEqual([
    ["a", 3],
    ["c", 4],
  ]);
});
