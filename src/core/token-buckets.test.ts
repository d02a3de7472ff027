import { expect, it } from "vitest";
import { TokenBuckets } from "./token-buckets.ts";

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
