import { expect, it } from "vitest";
import { namespacedName, type ObjectKey } from "../core/keys.ts";
import { readManifests } from "../watch/manifests.ts";
import { ReplicaAddresses } from "./replica-addresses.ts";
import { Translator } from "./translator.ts";

const config = {
  namespace: "gatehouse-system",
  xdsService: "gatehouse-xds.gatehouse-system.svc",
  peersAddress: { host: "0.0.0.0", port: 18001 },
};

function slice(name: string, service: string, endpoints: string, namespace = "gatehouse-system"): string {
  return `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}, namespace: ${namespace}, labels: { kubernetes.io/service-name: ${service} } }
addressType: ${endpoints.includes("::") ? "IPv6" : "IPv4"}
ports: [{ name: xds, port: 18000 }]
endpoints: [${endpoints}]
`;
}

function start() {
  const translator = new Translator({
    controllerName: "gatehouse.dev/gateway-controller",
    placement: { kind: "cluster", bindAddresses: ["0.0.0.0"] },
  });
  const addresses = new ReplicaAddresses({ translator, config });
  const apply = (text: string) => {
    const { objects } = readManifests([{ path: "test.yaml", text }]);
    for (const { kind, name, object } of objects) translator.set(kind, name, object);
    addresses.published(translator.flush());
    return addresses.current();
  };
  return { translator, addresses, apply };
}

it("finds the replicas behind the Service of the xDS port, those that stop among them, and nobody else", () => {
  const { translator, addresses, apply } = start();
  expect(apply("")).toEqual([]);
  const endpoints = [
    "{ addresses: [10.0.0.1] }",
    "{ addresses: [10.0.0.2], conditions: { ready: true } }",
    "{ addresses: [10.0.0.3], conditions: { ready: false, serving: false, terminating: true } }",
    "{ addresses: [10.0.0.4], conditions: { ready: false, serving: false } }",
  ];
  expect(apply(slice("xds-1", "gatehouse-xds", endpoints.join(", ")))).toEqual([
    "10.0.0.1:18001",
    "10.0.0.2:18001",
    "10.0.0.3:18001",
  ]);
  apply(slice("api-1", "gatehouse-api", "{ addresses: [10.0.0.9] }"));
  apply(slice("xds-1", "gatehouse-xds", "{ addresses: [10.0.0.9] }", "elsewhere"));
  expect(apply(slice("xds-2", "gatehouse-xds", '{ addresses: ["fd00::1"] }'))).toEqual([
    "10.0.0.1:18001",
    "10.0.0.2:18001",
    "10.0.0.3:18001",
    "[fd00::1]:18001",
  ]);
  translator.delete("EndpointSlice", namespacedName("gatehouse-system", "xds-1"));
  addresses.published(translator.flush());
  expect(addresses.current()).toEqual(["[fd00::1]:18001"]);
  // One that came to be of another Service.
  expect(apply(slice("xds-2", "other", '{ addresses: ["fd00::1"] }'))).toEqual([]);
});

it("looks at nothing but EndpointSlices", () => {
  const { addresses } = start();
  addresses.published({ objects: new Set(["Secret/gatehouse-system/xds" as ObjectKey]) });
  expect(addresses.current()).toEqual([]);
});
