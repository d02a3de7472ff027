import { describe, expect, it } from "vitest";
import type { Endpoint, EndpointSlice } from "../core/kubernetes.ts";
import { endpointAddresses, serviceOfSlice } from "./endpoints.ts";
import type { Placement } from "./placement.ts";

function slice(endpoints: readonly Endpoint[], more: Partial<EndpointSlice> = {}): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "cart-1", namespace: "shop", generation: 1, creationTimestamp: "1970-01-01T00:00:00Z" },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints,
    ...more,
  };
}

function addresses(
  slices: readonly EndpointSlice[],
  port = "http",
  placement: Pick<Placement, "kind"> = { kind: "standalone" },
): readonly string[] {
  return endpointAddresses(slices, port, placement).map(({ address, port }) => `${address}:${port}`);
}

describe("the addresses behind a port", () => {
  it("are those of endpoints that nobody says are not ready", () => {
    const endpoints: readonly Endpoint[] = [
      { addresses: ["192.0.2.1"] },
      { addresses: ["192.0.2.2"], conditions: {} },
      { addresses: ["192.0.2.3"], conditions: { ready: true } },
      { addresses: ["192.0.2.4"], conditions: { ready: false } },
      { addresses: ["192.0.2.5"], conditions: { ready: false, serving: true, terminating: true } },
    ];
    expect(addresses([slice(endpoints)])).toEqual(["192.0.2.1:8080", "192.0.2.2:8080", "192.0.2.3:8080"]);
  });

  it("are those that end but serve when none is ready, in whichever slice", () => {
    const ending = { addresses: ["192.0.2.5"], conditions: { ready: false, serving: true, terminating: true } };
    const others = [
      { addresses: ["192.0.2.6"], conditions: { ready: false, serving: true } },
      { addresses: ["192.0.2.7"], conditions: { ready: false, serving: false, terminating: true } },
      { addresses: ["192.0.2.8"], conditions: { ready: false, terminating: true } },
    ];
    expect(addresses([slice(others), slice([ending])])).toEqual(["192.0.2.5:8080"]);
    expect(addresses([slice([ending]), slice([{ addresses: ["192.0.2.1"] }])])).toEqual(["192.0.2.1:8080"]);
  });

  it("are told once, with each slice's own number for the port", () => {
    const same = slice([{ addresses: ["192.0.2.1"] }]);
    const moved = slice([{ addresses: ["192.0.2.1"] }], { ports: [{ name: "http", port: 9090, protocol: "TCP" }] });
    expect(addresses([same, same, moved])).toEqual(["192.0.2.1:8080", "192.0.2.1:9090"]);
  });

  it("come from slices that have a port of that name, and no name is a name", () => {
    const unnamed = slice([{ addresses: ["192.0.2.2"] }], { ports: [{ port: 7070, protocol: "TCP" }] });
    const slices = [slice([{ addresses: ["192.0.2.1"] }]), unnamed];
    expect(addresses(slices)).toEqual(["192.0.2.1:8080"]);
    expect(addresses(slices, "")).toEqual(["192.0.2.2:7070"]);
    expect(addresses(slices, "admin")).toEqual([]);
  });

  it("are addresses, not names", () => {
    expect(addresses([slice([{ addresses: ["a.example.com"] }], { addressType: "FQDN" })])).toEqual([]);
  });
});

describe("in a cluster", () => {
  it.each([
    "127.0.0.1",
    "127.8.0.1",
    "0.0.0.0",
    "169.254.169.254",
    "::1",
    "0:0:0:0:0:0:0:1",
    "::",
    "fe80::1",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "::127.0.0.1",
    "not-an-address",
  ])("%s counts as not there, as it would lead to the proxy itself or to its link", (address) => {
    const slices = [slice([{ addresses: [address, "192.0.2.1"] }])];
    expect(addresses(slices, "http", { kind: "cluster" })).toEqual(["192.0.2.1:8080"]);
  });

  it.each(["10.0.0.1", "2001:db8::1", "fd00::1", "::ffff:10.0.0.1"])("%s is a backend", (address) => {
    expect(addresses([slice([{ addresses: [address] }])], "http", { kind: "cluster" })).toEqual([`${address}:8080`]);
  });

  it("what is not there makes nobody ready", () => {
    const ending = { addresses: ["192.0.2.5"], conditions: { ready: false, serving: true, terminating: true } };
    expect(addresses([slice([{ addresses: ["127.0.0.1"] }, ending])], "http", { kind: "cluster" })).toEqual([
      "192.0.2.5:8080",
    ]);
  });
});

describe("the Service of a slice", () => {
  it("is the one of the label in the slice's own namespace", () => {
    const { metadata } = slice([]);
    const labelled = slice([], { metadata: { ...metadata, labels: { "kubernetes.io/service-name": "cart" } } });
    expect(serviceOfSlice(labelled)).toEqual(["shop/cart"]);
    expect(serviceOfSlice(slice([]))).toEqual([]);
  });
});
