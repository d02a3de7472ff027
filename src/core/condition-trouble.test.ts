import { expect, it } from "vitest";
import { tellsOfTrouble } from "./condition-trouble.ts";

it.each([
  ["Accepted", "False", true],
  ["Accepted", "Unknown", false],
  ["Conflicted", "True", true],
  ["Conflicted", "False", false],
  ["gatehouse.dev/HostnamesGranted", "False", true],
  ["gatehouse.dev/ChangesDelayed", "True", true],
  ["gatehouse.dev/ChangesDelayed", "Unknown", false],
])("%s that is %s: trouble is %s", (type, status, want) => {
  expect(tellsOfTrouble({ type, status })).toBe(want);
});
