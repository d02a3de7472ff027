import { describe, expect, it } from "vitest";
import { Halving } from "./halving.ts";

/** Tries until nothing is left; returns the culprits found and how often something was tried. */
function run(
  halving: Halving,
  bad: ReadonlySet<string>,
): { readonly found: readonly string[]; readonly tries: number } {
  const found: string[] = [];
  let tries = 0;
  for (let names = halving.next(); names.length > 0; names = halving.next()) {
    tries += 1;
    if (!names.some((name) => bad.has(name))) halving.passed(names);
    else {
      const culprit = halving.failed(names);
      if (culprit !== undefined) found.push(culprit);
    }
  }
  return { found, tries };
}

const namesOf = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);

describe("halving", () => {
  it("finds one bad name among n in 2·log2(n) + 2 tries, the first among them, wherever it is", () => {
    const counts = [2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 33, 100, 127, 128, 129, 1000, 4097, 5000];
    for (const count of counts) {
      const names = namesOf(count);
      const places = count <= 129 ? names.keys() : [0, 1, 2, count >> 1, count - 2, count - 1, 41 % count, 777 % count];
      for (const place of places) {
        const halving = new Halving();
        halving.failed(names);
        const { found, tries } = run(halving, new Set([`n${place}`]));
        expect(found).toEqual([`n${place}`]);
        expect(1 + tries).toBeLessThanOrEqual(2 * Math.log2(count) + 2);
      }
    }
  });

  it.each([2, 3, 10, 50])("finds %d bad names among 1,000, each at the price of one", (count) => {
    const bad = new Set(Array.from({ length: count }, (_, index) => `n${(index * 389) % 1000}`));
    const halving = new Halving();
    halving.failed(namesOf(1000));
    const { found, tries } = run(halving, bad);
    expect([...found].sort()).toEqual([...bad].sort());
    expect(tries).toBeLessThanOrEqual(count * (Math.ceil(Math.log2(1000)) + 2));
  });

  it("ends when everything is bad, and when nothing is", () => {
    const names = namesOf(100);
    const [all, none] = [new Halving(), new Halving()];
    for (const halving of [all, none]) halving.failed(names);
    expect(run(all, new Set(names)).found.length).toBe(100);
    expect(run(none, new Set())).toEqual({ found: [], tries: 8 });
    expect([all.size, none.size]).toEqual([0, 0]);
  });

  it("tries groups one after the other, and never what may not be tried", () => {
    const halving = new Halving();
    halving.add(["a", "b"]);
    halving.add(["b", "c", "d"]);
    expect(halving.next()).toEqual(["a", "b"]);
    expect(halving.next((name) => name !== "a")).toEqual(["b"]);
    expect(halving.next((name) => name > "b")).toEqual(["c", "d"]);
    halving.passed(["a", "b"]);
    expect(halving.failed(["c", "d"])).toBeUndefined();
    expect([halving.next(), halving.next((name) => name === "d")]).toEqual([["c"], ["d"]]);
    halving.passed(["c"]);
    expect([halving.sole, halving.groups()]).toEqual(["d", [["d"]]]);
  });
});
