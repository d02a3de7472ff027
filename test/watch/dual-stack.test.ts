import { describe, expect, it } from "vitest";
import { acceptObject } from "../../src/watch/accepted-object.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { formatProblem } from "../../src/watch/problem.ts";

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "dns", namespace: "one" },
  spec: {
    clusterIP: "10.96.0.10",
    clusterIPs: ["10.96.0.10", "fd00:10:96::a"],
    ipFamilies: ["IPv4", "IPv6"],
    ipFamilyPolicy: "PreferDualStack",
    ports: [
      { name: "dns", port: 53, protocol: "UDP" },
      { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 5353 },
    ],
  },
};

const slice = (addressType: string, address: string) => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: {
    name: `dns-${addressType.toLowerCase()}`,
    namespace: "one",
    labels: { "kubernetes.io/service-name": "dns" },
  },
  addressType,
  endpoints: [{ addresses: [address], conditions: { ready: true } }],
  ports: [
    { name: "dns", port: 53, protocol: "UDP" },
    { name: "dns-tcp", port: 5353, protocol: "TCP" },
  ],
});

const objects = [service, slice("IPv4", "10.244.0.7"), slice("IPv6", "fd00:10:244::7")];

function read(...manifests: readonly object[]) {
  const text = manifests.map((each) => JSON.stringify(each)).join("\n---\n");
  const { objects: found, problems } = readManifests([{ path: "a.yaml", text }]);
  return { keys: found.map(({ key }) => key), faults: problems.map(formatProblem) };
}

describe("a Service of two address families, with one port number of two protocols", () => {
  it("is read from files with the endpoints of both families", () => {
    const { keys, faults } = read(...objects);
    expect(faults).toEqual([]);
    expect(keys).toEqual(
      expect.arrayContaining(["Service/one/dns", "EndpointSlice/one/dns-ipv4", "EndpointSlice/one/dns-ipv6"]),
    );
  });

  it("is taken from an API server", () => {
    for (const { apiVersion: _, ...object } of objects) {
      const kind = object.kind === "Service" ? "Service" : "EndpointSlice";
      expect(acceptObject(kind, { ...object })).toMatchObject({ kind: "object", object: { kind } });
    }
  });

  it.each([
    {
      name: "an address of the other family",
      addressType: "IPv6",
      address: "10.244.0.7",
      want: "not of the type IPv6",
    },
    { name: "an address with a zone", addressType: "IPv6", address: "fe80::1%eth0", want: "not of the type IPv6" },
    { name: "a link-local address", addressType: "IPv6", address: "fe80::1", want: "link-local" },
    {
      name: "a link-local address of the other family within one",
      addressType: "IPv6",
      address: "::ffff:169.254.169.254",
      want: "link-local",
    },
  ])("is not led to $name by a file", ({ addressType, address, want }) => {
    const { keys, faults } = read(slice(addressType, address));
    expect(keys).not.toContain(`EndpointSlice/one/dns-${addressType.toLowerCase()}`);
    expect(faults.join("\n")).toContain(want);
  });
});
