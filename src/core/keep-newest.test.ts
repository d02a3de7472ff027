import { expect, it } from "vitest";
import { keepNewest } from "./keep-newest.ts";

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
