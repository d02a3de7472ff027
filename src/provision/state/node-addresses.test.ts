import { expect, it } from "vitest";
import { nodeAddresses, nodeFacts } from "./node-addresses.ts";

const node = (name: string, isReady: boolean, ...addresses: readonly (readonly [string, string])[]) => ({
  metadata: { name },
  status: {
    addresses: addresses.map(([type, address]) => ({ type, address })),
    conditions: [{ type: "Ready", status: isReady ? "True" : "False" }],
  },
});

it.each([
  {
    name: "external before internal",
    nodes: [node("a", true, ["InternalIP", "10.0.0.1"], ["ExternalIP", "192.0.2.1"])],
    want: ["192.0.2.1"],
  },
  {
    name: "internal, sorted, never hostnames",
    nodes: [
      node("a", true, ["Hostname", "a"], ["InternalIP", "10.0.0.2"]),
      node("b", true, ["InternalIP", "10.0.0.1"]),
    ],
    want: ["10.0.0.1", "10.0.0.2"],
  },
  {
    name: "not those of a node that is not Ready",
    nodes: [node("a", false, ["InternalIP", "10.0.0.1"]), node("b", true, ["InternalIP", "10.0.0.2"])],
    want: ["10.0.0.2"],
  },
  { name: "all when no node is Ready", nodes: [node("a", false, ["InternalIP", "10.0.0.1"])], want: ["10.0.0.1"] },
  { name: "none of a node that tells nothing", nodes: [{ metadata: { name: "a" } }], want: [] },
])("addresses of nodes are $name", ({ nodes, want }) => {
  expect(nodeAddresses(nodes)).toEqual(want);
  expect(nodeAddresses(nodes.map(nodeFacts))).toEqual(want);
});

it("keeps of a node only what its addresses follow from", () => {
  const images = [{ names: ["example.com/large:1"], sizeBytes: 1 }];
  const conditions = [{ type: "Ready", status: "True" }];
  const node = {
    metadata: { name: "a", labels: { zone: "b" } },
    spec: {},
    status: { images, conditions, addresses: [] },
  };
  expect(nodeFacts(node)).toEqual({ metadata: { name: "a" }, status: { addresses: [], conditions } });
});
