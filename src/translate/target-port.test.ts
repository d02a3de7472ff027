import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { proxyPorts } from "../core/fleet.ts";
import { targetPort } from "./target-port.ts";

const port = fc.oneof(
  fc.integer({ min: 1, max: 65_535 }),
  fc.integer({ min: 1, max: 1023 }),
  fc.integer({ min: 10_000, max: 11_023 }),
  fc.integer({ min: 18_999, max: 19_004 }),
  fc.integer({ min: 64_500, max: 65_535 }),
);
const own: readonly number[] = Object.values(proxyPorts);

describe("the port of a pod for a port of its Gateway", () => {
  it.each([
    [80, 10_080],
    [443, 10_443],
    [1, 10_001],
    [1023, 11_023],
    [1024, 1024],
    [8080, 8080],
    [9999, 9999],
    [10_000, 64_512],
    [10_080, 64_592],
    [11_023, 65_535],
    [11_024, 11_024],
    [19_000, 64_508],
    [19_003, 64_511],
    [19_004, 19_004],
    [64_507, 64_507],
    [65_535, 65_535],
  ])("of %i is %i", (from, to) => {
    expect(targetPort(from, [from])).toBe(to);
    expect(targetPort(from, [])).toBe(to);
  });

  it("of 80 and 10080 are two, and neither moves the other", () => {
    expect([80, 10_080].map((each) => targetPort(each, [80, 10_080]))).toEqual([10_080, 64_592]);
  });

  it("gives way at the end of all ports to who is moved there", () => {
    expect(targetPort(64_592, [10_080, 64_592])).toBe(64_507);
    expect(targetPort(64_592, [10_080, 64_592, 64_507])).toBe(64_506);
    expect(targetPort(10_080, [10_080, 64_592])).toBe(64_592);
  });

  it("is above 1023, no port of the proxy's own, and nobody else's", () => {
    fc.assert(
      fc.property(fc.uniqueArray(port, { minLength: 1, maxLength: 64 }), (ports) => {
        const targets = ports.map((each) => targetPort(each, ports));
        expect(new Set(targets).size).toBe(ports.length);
        expect(targets.filter((target) => target < 1024 || target > 65_535 || own.includes(target))).toEqual([]);
        expect(ports.map((each) => targetPort(each, [...ports].reverse()))).toEqual(targets);
      }),
    );
  });

  it("does not move when another listener comes, below the last 1028 ports", () => {
    fc.assert(
      fc.property(fc.uniqueArray(port, { minLength: 1, maxLength: 20 }), port, (ports, more) => {
        for (const each of ports.filter((candidate) => candidate < 64_508)) {
          expect(targetPort(each, [...ports, more])).toBe(targetPort(each, ports));
        }
      }),
    );
  });
});
