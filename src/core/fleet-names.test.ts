import { describe, expect, it } from "vitest";
import { fleetName, labelValue } from "./fleet-names.ts";

const longest = `${"a".repeat(243)}.example.b`;

describe("fleetName", () => {
  it("is a DNS label for every name that a Gateway may have", () => {
    for (const name of ["shop", "9lives", "a.b.c", longest, `${"a-".repeat(126)}b`]) {
      expect(fleetName(name)).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
      expect(fleetName(name).length).toBeLessThanOrEqual(52);
    }
  });

  it("keeps a short name and tells apart what was shortened", () => {
    expect(fleetName("shop")).toBe("gatehouse-shop");
    const forged = fleetName("a.b").slice("gatehouse-".length);
    const names = ["a.b", "a-b", forged, longest, `${longest}c`];
    expect(new Set(names.map(fleetName)).size).toBe(names.length);
  });
});

describe("labelValue", () => {
  it("is the name where it fits, and else a label value of its own", () => {
    expect(labelValue("a.b")).toBe("a.b");
    expect(labelValue(longest)).toMatch(/^[a-z0-9][-a-z0-9.]{0,61}[a-z0-9]$/);
    expect(labelValue(longest)).not.toBe(labelValue(`${longest}c`));
  });
});
