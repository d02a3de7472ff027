import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equal } from "./equal.ts";

describe("equal", () => {
  it.each<{ name: string; a: unknown; b: unknown; want: boolean }>([
    { name: "the same text", a: "a", b: "a", want: true },
    { name: "text and number", a: "1", b: 1, want: false },
    { name: "not-a-number with itself", a: Number.NaN, b: Number.NaN, want: true },
    { name: "undefined and null", a: undefined, b: null, want: false },
    { name: "null and an object", a: null, b: {}, want: false },
    { name: "records whatever the order of their fields", a: { x: 1, y: 2 }, b: { y: 2, x: 1 }, want: true },
    { name: "a field more", a: { x: 1 }, b: { x: 1, y: 2 }, want: false },
    { name: "an absent field and an undefined one", a: { x: undefined }, b: { y: undefined }, want: false },
    { name: "nested records", a: { x: { y: [1, { z: 2 }] } }, b: { x: { y: [1, { z: 2 }] } }, want: true },
    { name: "a difference deep inside", a: { x: { y: [1, { z: 2 }] } }, b: { x: { y: [1, { z: 3 }] } }, want: false },
    { name: "lists in another order", a: [1, 2], b: [2, 1], want: false },
    { name: "a list and its beginning", a: [1, 2], b: [1], want: false },
    { name: "a list and a record", a: [], b: {}, want: false },
    { name: "a record and a list", a: {}, b: [], want: false },
    { name: "equal bytes", a: new Uint8Array([1, 2]), b: new Uint8Array([1, 2]), want: true },
    { name: "other bytes", a: new Uint8Array([1, 2]), b: new Uint8Array([1, 3]), want: false },
    { name: "bytes and a list", a: new Uint8Array([1]), b: [1], want: false },
    { name: "a list and bytes", a: [1], b: new Uint8Array([1]), want: false },
    { name: "a record and bytes", a: {}, b: new Uint8Array([]), want: false },
    {
      name: "Maps whatever their order",
      a: new Map([
        ["a", [1]],
        ["b", [2]],
      ]),
      b: new Map([
        ["b", [2]],
        ["a", [1]],
      ]),
      want: true,
    },
    { name: "Maps with another value", a: new Map([["a", [1]]]), b: new Map([["a", [2]]]), want: false },
    { name: "Maps with another key", a: new Map([["a", undefined]]), b: new Map([["b", undefined]]), want: false },
    { name: "a Map and a record", a: new Map(), b: {}, want: false },
    { name: "a record and a Map", a: {}, b: new Map(), want: false },
    { name: "Sets whatever their order", a: new Set(["a", "b"]), b: new Set(["b", "a"]), want: true },
    { name: "Sets with another member", a: new Set(["a"]), b: new Set(["b"]), want: false },
    { name: "a Set and a Map", a: new Set(), b: new Map(), want: false },
    { name: "a record and a Set", a: {}, b: new Set(), want: false },
    { name: "an own field called __proto__", a: JSON.parse('{"__proto__":1}'), b: {}, want: false },
    {
      name: "two own fields called __proto__",
      a: JSON.parse('{"__proto__":1}'),
      b: JSON.parse('{"__proto__":2}'),
      want: false,
    },
    { name: "an inherited field does not count", a: { toString: 1 }, b: { x: 1 }, want: false },
  ])("$name: $want", ({ a, b, want }) => {
    expect(equal(a, b)).toBe(want);
    expect(equal(b, a)).toBe(want);
  });

  it("holds for any data and its copy", () => {
    fc.assert(
      fc.property(fc.anything({ withTypedArray: true }), fc.array(fc.string()), (value, keys) => {
        const data = [value, new Map(keys.map((key) => [key, value])), new Set(keys)];
        expect(equal(structuredClone(data), data)).toBe(true);
      }),
    );
  });

  it("agrees with the text of plain JSON data", () => {
    const canonical = (value: unknown): string =>
      JSON.stringify(value, (_key, inner: unknown) =>
        typeof inner === "object" && inner !== null && !Array.isArray(inner)
          ? Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)))
          : inner,
      );
    const value = fc
      .jsonValue({ maxDepth: 2, noUnicodeString: true } as const)
      .filter((data) => !JSON.stringify(data).includes("-0"));
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(equal(a, b)).toBe(canonical(a) === canonical(b));
      }),
    );
  });
});
