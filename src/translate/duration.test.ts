import { expect, it } from "vitest";
import { parseDuration } from "./duration.ts";
import { durationOf } from "./envoy/duration.ts";

it.each([
  ["500ms", 500],
  ["10s", 10_000],
  ["1m", 60_000],
  ["1h30m", 5_400_000],
  ["1h2m3s4ms", 3_723_004],
  ["0s", 0],
  ["0h0ms", 0],
  ["", 0],
])("reads %s", (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

it.each([
  [0, { seconds: 0 }],
  [1, { seconds: 0, nanos: 1_000_000 }],
  [1_500, { seconds: 1, nanos: 500_000_000 }],
  [5_400_000, { seconds: 5_400 }],
])("writes %i milliseconds for a proxy", (milliseconds, duration) => {
  expect(durationOf(milliseconds)).toEqual(duration);
});
