import { describe, expect, it } from "vitest";
import { canonicalQuantity } from "./quantity.ts";

describe("canonicalQuantity", () => {
  it.each([
    ["1000m", "1"],
    ["0.5", "500m"],
    ["1024Mi", "1Gi"],
    ["131072Ki", "128Mi"],
    ["1e3", "1k"],
    ["1E", "1000P"],
    ["+1.50", "1500m"],
    ["1.5Gi", "1536Mi"],
    ["0", "0m"],
  ])("takes %s for %s", (a, b) => {
    expect(canonicalQuantity(a)).toBe(canonicalQuantity(b));
  });

  it("takes a number for its text", () => {
    expect(canonicalQuantity(2)).toBe(canonicalQuantity("2000m"));
  });

  it.each([
    ["1", "1m"],
    ["1M", "1Mi"],
    ["1", "-1"],
    ["1G", "1g"],
  ])("tells %s from %s", (a, b) => {
    expect(canonicalQuantity(a)).not.toBe(canonicalQuantity(b));
  });

  it.each(["", "Mi", "1 Gi", "one", ".", "1e999", "9".repeat(400)])(
    "leaves %j, which is no quantity, as it is",
    (text) => {
      expect(canonicalQuantity(text)).toBe(text);
    },
  );

  it("leaves anything but text and numbers as it is", () => {
    expect([undefined, true].map(canonicalQuantity)).toEqual([undefined, true]);
  });
});
