import { expect, it } from "vitest";
import { tokenRefreshTime } from "./service-account-token.ts";

it("a token is replaced after four fifths of its life, and after a day at the latest", () => {
  expect(tokenRefreshTime(0, 600_000)).toBe(480_000);
  expect(tokenRefreshTime(1000, 31_536_000_000)).toBe(86_401_000);
});
