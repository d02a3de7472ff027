import { describe, expect, it } from "vitest";
import { equal } from "../../collection/equal.ts";
import { foreignElements, ownFields } from "./own-fields.ts";

const isSame = (wanted: unknown, actual: unknown) => equal(ownFields(wanted, wanted), ownFields(wanted, actual));

describe("ownFields", () => {
  it.each([
    { name: "fields of others", wanted: { a: 1 }, actual: { a: 1, b: 2 } },
    {
      name: "elements of others in a list that is a map",
      wanted: { env: [{ name: "A" }] },
      actual: { env: [{ name: "B" }, { name: "A" }] },
    },
    { name: "another spelling of an amount", wanted: { limits: { cpu: "1000m" } }, actual: { limits: { cpu: "1" } } },
    { name: "an empty text that is left out", wanted: { value: "" }, actual: {} },
    { name: "an empty list that is left out", wanted: { args: [] }, actual: {} },
    { name: "an empty mapping that is left out", wanted: { a: { b: {} } }, actual: {} },
    {
      name: "ports of one number and two protocols, in another order",
      wanted: {
        ports: [
          { port: 1, protocol: "TCP" },
          { port: 1, protocol: "UDP" },
        ],
      },
      actual: {
        ports: [
          { port: 1, protocol: "UDP", nodePort: 3 },
          { port: 1, protocol: "TCP", nodePort: 4 },
        ],
      },
    },
    {
      name: "a key that objects have by nature",
      wanted: JSON.parse('{"__proto__": {"a": 1}}'),
      actual: JSON.parse('{"__proto__": {"a": 1}}'),
    },
  ])("does not mind $name", ({ wanted, actual }) => {
    expect(isSame(wanted, actual)).toBe(true);
  });

  it.each([
    { name: "another value", wanted: { a: 1 }, actual: { a: 2 } },
    { name: "a missing field", wanted: { a: { b: 1 } }, actual: {} },
    { name: "a missing element", wanted: { env: [{ name: "A" }, { name: "B" }] }, actual: { env: [{ name: "A" }] } },
    { name: "another order of arguments", wanted: { args: ["a", "b"] }, actual: { args: ["b", "a"] } },
    { name: "one more argument", wanted: { args: ["a"] }, actual: { args: ["a", "b"] } },
    {
      name: "one more toleration",
      wanted: { tolerations: [{ key: "a" }] },
      actual: { tolerations: [{ key: "a" }, { key: "b" }] },
    },
    { name: "an emptied list", wanted: { args: ["a"] }, actual: { args: [] } },
    { name: "another amount", wanted: { requests: { cpu: "1" } }, actual: { requests: { cpu: "2" } } },
    { name: "a text where a mapping should be", wanted: { a: { b: 1 } }, actual: { a: "b" } },
    { name: "a key that objects have by nature", wanted: JSON.parse('{"__proto__": {"a": 1}}'), actual: {} },
  ])("finds $name", ({ wanted, actual }) => {
    expect(isSame(wanted, actual)).toBe(false);
  });
});

describe("foreignElements", () => {
  it("names what others have put into lists that are maps, so that it can be removed in order", () => {
    const container = { name: "envoy", ports: [{ containerPort: 1, protocol: "TCP" }], args: ["a"] };
    const wanted = { spec: { "a/b": { containers: [container] } } };
    const edited = {
      ...container,
      args: ["a", "b"],
      ports: [{ containerPort: 9, protocol: "TCP" }, ...container.ports, { containerPort: 1, protocol: "UDP" }],
    };
    const actual = {
      spec: { "a/b": { containers: [{ name: "x" }, edited, { name: "y" }] }, other: { containers: [{}] } },
    };
    expect(foreignElements(wanted, actual)).toEqual([
      "/spec/a~1b/containers/1/ports/2",
      "/spec/a~1b/containers/1/ports/0",
      "/spec/a~1b/containers/2",
      "/spec/a~1b/containers/0",
    ]);
  });

  it("finds nothing in an object as we applied it", () => {
    const spec = { ports: [{ port: 1, protocol: "TCP" }] };
    expect(foreignElements({ spec }, { spec })).toEqual([]);
  });
});
