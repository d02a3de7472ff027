import { expect, it } from "vitest";
import { isPublicSuffix } from "./public-suffix.ts";

it.each([
  ["com", true],
  ["*.com", true],
  ["co.uk", true],
  ["*.co.uk", true],
  ["shop.co.uk", false],
  ["*.shop.co.uk", false],
  ["github.io", true],
  ["team.github.io", false],
  ["localhost", true],
  ["*.localhost", true],
  ["example.com", false],
  ["app.cluster.local", false],
  ["xn--p1ai", true],
])("%s can be owned by a claim of the platform only: %s", (hostname, suffix) => {
  expect(isPublicSuffix(hostname)).toBe(suffix);
});
