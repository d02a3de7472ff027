import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareSpecificity,
  covers,
  everyHost,
  type Hostname,
  intersectHostnames,
  isExact,
  isWildcard,
  normalizeHostname,
  wildcardsAbove,
} from "./hostname.ts";

const label = fc.constantFrom("a", "b", "ab", "example", "com");
const exact = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
const hostname: fc.Arbitrary<Hostname> = fc.oneof(
  exact,
  exact.map((name) => `*.${name}`),
  fc.constant(everyHost),
);

/** The specification, word for word: a wildcard stands for one or more labels. */
function matches(pattern: Hostname, host: string): boolean {
  if (pattern === everyHost) return true;
  const labels = host.split(".");
  if (!isWildcard(pattern)) return pattern === host;
  const wanted = pattern.split(".").slice(1);
  return labels.length > wanted.length && labels.slice(-wanted.length).join(".") === wanted.join(".");
}

describe("normalizeHostname", () => {
  it.each([
    { written: undefined, want: everyHost },
    { written: "", want: everyHost },
    { written: "A.Example.COM", want: "a.example.com" },
    { written: "a.example.com.", want: "a.example.com" },
    { written: "*.Example.com.", want: "*.example.com" },
    { written: "a.example.com:8080", want: "a.example.com" },
    { written: "A.example.com.:80", want: "a.example.com" },
    { written: "Bücher.example", want: "xn--bcher-kva.example" },
    { written: "*.BÜCHER.example.", want: "*.xn--bcher-kva.example" },
    { written: "xn--bcher-kva.example", want: "xn--bcher-kva.example" },
    { written: "ｅｘａｍｐｌｅ.com", want: "example.com" },
    { written: "a。example。com", want: "a.example.com" },
    { written: "not a name", want: "not a name" },
  ])("$written becomes '$want'", ({ written, want }) => {
    expect(normalizeHostname(written)).toBe(want);
  });

  it("changes nothing the second time", () => {
    fc.assert(
      fc.property(hostname, (name) => {
        expect(normalizeHostname(normalizeHostname(name))).toBe(normalizeHostname(name));
      }),
    );
  });
});

describe("wildcardsAbove", () => {
  it.each([
    { name: "a.b.c", want: ["*.b.c", "*.c"] },
    { name: "*.b.c", want: ["*.c"] },
    { name: "*.c", want: [] },
    { name: "c", want: [] },
  ])("of $name are $want", ({ name, want }) => {
    expect(wildcardsAbove(name)).toEqual(want);
  });

  it("are exactly the wildcards that cover it, without itself", () => {
    fc.assert(
      fc.property(hostname, hostname, (narrow, wide) => {
        const isAbove = isWildcard(wide) && wide !== narrow && narrow !== everyHost && covers(wide, narrow);
        expect(wildcardsAbove(narrow).includes(wide)).toBe(isAbove);
      }),
    );
  });
});

describe("covers", () => {
  it.each<{ wide: Hostname; narrow: Hostname; want: boolean }>([
    { wide: "*.example.com", narrow: "a.example.com", want: true },
    { wide: "*.example.com", narrow: "b.a.example.com", want: true },
    { wide: "*.example.com", narrow: "*.a.example.com", want: true },
    { wide: "*.example.com", narrow: "example.com", want: false },
    { wide: "*.example.com", narrow: "evilexample.com", want: false },
    { wide: "*.example.com", narrow: ".example.com", want: false },
    { wide: "*.a.example.com", narrow: "*.example.com", want: false },
    { wide: "*.example.com", narrow: everyHost, want: false },
    { wide: everyHost, narrow: "*.example.com", want: true },
    { wide: "a.example.com", narrow: "*.example.com", want: false },
    { wide: "a.example.com", narrow: "b.a.example.com", want: false },
  ])("'$wide' covers '$narrow': $want", ({ wide, narrow, want }) => {
    expect(covers(wide, narrow)).toBe(want);
  });

  it("an exact host as the specification matches it", () => {
    fc.assert(
      fc.property(hostname, exact, (wide, host) => {
        expect(covers(wide, host)).toBe(matches(wide, host));
      }),
    );
  });

  it("means that every host of the narrower one is one of the wider one", () => {
    fc.assert(
      fc.property(hostname, hostname, exact, (wide, narrow, host) => {
        if (covers(wide, narrow) && matches(narrow, host)) expect(matches(wide, host)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("orders hostnames: each covers itself, no two each other, and it goes on from one to the next", () => {
    fc.assert(
      fc.property(hostname, hostname, hostname, (a, b, c) => {
        expect(covers(a, a)).toBe(true);
        if (covers(a, b) && covers(b, a)) expect(a).toBe(b);
        if (covers(a, b) && covers(b, c)) expect(covers(a, c)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("intersectHostnames", () => {
  it("matches exactly the hosts that both match", () => {
    fc.assert(
      fc.property(hostname, hostname, exact, (a, b, host) => {
        const both = intersectHostnames(a, b);
        expect(both !== undefined && matches(both, host)).toBe(matches(a, host) && matches(b, host));
      }),
      { numRuns: 2000 },
    );
  });

  it("does not depend on the order", () => {
    fc.assert(
      fc.property(hostname, hostname, (a, b) => {
        expect(intersectHostnames(a, b)).toBe(intersectHostnames(b, a));
      }),
    );
  });

  it.each<{ a: Hostname; b: Hostname; want: Hostname | undefined }>([
    { a: "*.example.com", b: "a.example.com", want: "a.example.com" },
    { a: "*.example.com", b: "*.a.example.com", want: "*.a.example.com" },
    { a: everyHost, b: "*.example.com", want: "*.example.com" },
    { a: everyHost, b: everyHost, want: everyHost },
    { a: "*.example.com", b: "*.example.org", want: undefined },
    { a: "a.example.com", b: "b.example.com", want: undefined },
    { a: "*.example.com", b: "example.com", want: undefined },
  ])("'$a' and '$b' meet in '$want'", ({ a, b, want }) => {
    expect(intersectHostnames(a, b)).toBe(want);
  });
});

describe("compareSpecificity", () => {
  it("puts the hostname that decides first", () => {
    const names = [everyHost, "*.com", "*.example.com", "*.a.example.com", "example.com", "a.example.com"];
    expect([...names].sort(compareSpecificity)).toEqual([
      "a.example.com",
      "example.com",
      "*.a.example.com",
      "*.example.com",
      "*.com",
      everyHost,
    ]);
  });

  it("puts a hostname before each that covers it", () => {
    fc.assert(
      fc.property(hostname, hostname, (a, b) => {
        if (a !== b && covers(a, b)) expect(compareSpecificity(b, a)).toBeLessThan(0);
      }),
      { numRuns: 1000 },
    );
  });

  it("is a total order", () => {
    fc.assert(
      fc.property(hostname, hostname, (a, b) => {
        expect(compareSpecificity(a, b) === 0).toBe(a === b);
        expect(Math.sign(compareSpecificity(a, b)) + Math.sign(compareSpecificity(b, a))).toBe(0);
      }),
    );
  });
});

it("isExact and isWildcard tell the three kinds of hostnames apart", () => {
  expect(["a.com", "*.a.com", everyHost].map((name) => [isExact(name), isWildcard(name)])).toEqual([
    [true, false],
    [false, true],
    [false, false],
  ]);
});
