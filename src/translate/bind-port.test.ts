import fc from "fast-check";
import { expect, it } from "vitest";
import { bindPort } from "./bind-port.ts";

it.each([
  { name: "a port that needs no privilege is bound as it is", port: 8080, all: [8080], want: 8080 },
  { name: "the first port without privilege is 1024", port: 1024, all: [1024], want: 1024 },
  { name: "port 80 becomes 10080", port: 80, all: [80, 443], want: 10080 },
  { name: "port 1023 becomes 11023", port: 1023, all: [1023], want: 11023 },
  { name: "a port that the Gateway uses itself is passed over", port: 80, all: [80, 10080], want: 10081 },
  { name: "the port that was passed over is bound as it is", port: 10080, all: [80, 10080], want: 10080 },
  { name: "a later port goes on behind what an earlier one took", port: 81, all: [81, 80, 10080], want: 10082 },
])("$name", ({ port, all, want }) => {
  expect(bindPort(port, all)).toBe(want);
});

it("gives every port of a Gateway a port of its own, in whatever order they come", () => {
  const port = fc.oneof(
    fc.integer({ min: 1, max: 90 }),
    fc.integer({ min: 10_001, max: 10_090 }),
    fc.integer({ min: 1, max: 65_535 }),
  );
  fc.assert(
    fc.property(fc.uniqueArray(port, { maxLength: 60 }), (ports) => {
      const bound = ports.map((one) => bindPort(one, ports));
      expect(new Set(bound).size).toBe(ports.length);
      expect(bound.every((one) => one >= 1024 && one <= 65_535)).toBe(true);
      expect(ports.map((one) => bindPort(one, [...ports].reverse()))).toEqual(bound);
    }),
  );
});
