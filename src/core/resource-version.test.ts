import { expect, it } from "vitest";
import { isOlder } from "./resource-version.ts";

it.each([
  { version: "9", than: "10", want: true },
  { version: "10", than: "9", want: false },
  { version: "10", than: "10", want: false },
  { version: "99999999999999999998", than: "99999999999999999999", want: true },
  { version: "abc", than: "abd", want: false },
  { version: "", than: "1", want: false },
])("version $version is older than $than: $want", ({ version, than, want }) => {
  expect(isOlder(version, than)).toBe(want);
});
