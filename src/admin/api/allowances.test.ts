import { describe, expect, it } from "vitest";
import { Allowances } from "./allowances.ts";

describe("Allowances", () => {
  let now = 0;
  const create = () => new Allowances({ burst: 3, perSecond: 2, mostDebt: 4, most: 2, now: () => now });

  it("gives a burst, then so many a second, to each name", () => {
    const allowances = create();
    expect([1, 2, 3, 4].map(() => allowances.take("a"))).toEqual([0, 0, 0, 500]);
    expect(allowances.take("b")).toBe(0);
    now += 500;
    expect([allowances.take("a"), allowances.take("a")]).toEqual([0, 500]);
  });

  it("lets who has asked something costly wait longer, but not for ever", () => {
    const allowances = create();
    allowances.charge("a", 1000);
    expect(allowances.take("a")).toBe(2500);
    now += 2500;
    expect(allowances.take("a")).toBe(0);
  });

  it("remembers so many names and no more", () => {
    const allowances = create();
    for (const name of ["a", "b", "c"]) allowances.charge(name, 3);
    expect(["a", "b", "c"].map((name) => allowances.waitOf(name))).toEqual([0, 500, 500]);
  });
});
