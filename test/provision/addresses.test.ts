import { afterEach, describe, expect, it } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";
import { putGateway, Replica } from "./provision-world.ts";

const servers: FakeApiServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function startServer(): Promise<FakeApiServer> {
  const server = await startFakeApiServer();
  servers.push(server);
  return server;
}

/** Plays a load balancer that gives an address to the first Service that asks for it, and to no other. */
function balance(server: FakeApiServer): void {
  const taken = new Set<unknown>();
  for (const service of server.list("Service")) {
    const { loadBalancerIP } = service["spec"] as { readonly loadBalancerIP?: string }; // as it was applied
    if (loadBalancerIP === undefined || taken.has(loadBalancerIP)) continue;
    taken.add(loadBalancerIP);
    server.put("Service", { ...service, status: { loadBalancer: { ingress: [{ ip: loadBalancerIP }] } } });
  }
}

describe("two Gateways that want one address", () => {
  it("are asked for by field and annotation; the one that does not get it is told so by name, and recovers", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const choice = { requestedAddresses: ["10.200.0.7"], parameters: { addressAnnotation: "lb.example.com/ips" } };
    const [first, second] = [
      putGateway(server, { ...choice, name: "first" }),
      putGateway(server, { ...choice, name: "second" }),
    ];
    for (const spec of [first, second]) replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    for (const service of server.list("Service")) {
      expect(service["spec"]).toMatchObject({ loadBalancerIP: "10.200.0.7" });
      expect(service["spec"]).not.toHaveProperty("externalIPs");
      expect(service.metadata.annotations).toMatchObject({ "lb.example.com/ips": "10.200.0.7" });
    }
    balance(server);
    await replica.settle();
    expect(replica.states.get(first.gateway)).toEqual({
      addresses: [{ type: "IPAddress", value: "10.200.0.7" }],
      readyReplicas: 0,
    });
    expect(replica.states.get(second.gateway)).toMatchObject({
      addresses: [],
      addressProblem: { reason: "AddressNotUsable", message: expect.stringContaining("10.200.0.7") },
    });
    replica.provisioner.setFleet(first.gateway, undefined);
    server.remove("Service", "shop/gatehouse-first");
    await replica.settle();
    balance(server);
    await replica.settle();
    expect(replica.states.get(second.gateway)).not.toHaveProperty("addressProblem");
  });
});

describe("nodes", () => {
  it("give a NodePort fleet its addresses, and their heartbeats tell nothing new", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server, { parameters: { service: { type: "NodePort", annotations: {} } } });
    const node = (status: string, beat: string) => ({
      metadata: { name: "n1", annotations: { beat } },
      status: { addresses: [{ type: "InternalIP", address: "10.0.0.1" }], conditions: [{ type: "Ready", status }] },
    });
    server.put("Node", node("True", "1"));
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    const state = replica.states.get(spec.gateway);
    expect(state).toEqual({ addresses: [{ type: "IPAddress", value: "10.0.0.1" }], readyReplicas: 0 });
    server.put("Node", node("True", "2"));
    await replica.settle();
    expect(replica.states.get(spec.gateway)).toBe(state);
  });
});

describe("proxies that the user runs", () => {
  it("have nothing rendered, and the addresses of the Service that their class names", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const service = { namespace: "edge", name: "proxies" };
    const spec = putGateway(server, { parameters: { managed: false, addressService: service } });
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    expect(server.requests).toEqual([]);
    expect(replica.addressServices).toEqual(["edge/proxies"]);
    expect(replica.states.get(spec.gateway)?.addressProblem).toEqual({
      reason: "AddressNotAssigned",
      message: "There is no Service edge/proxies",
    });
    replica.provisioner.observe("AddressService", namespacedName("edge", "proxies"), {
      metadata: { namespace: "edge", name: "proxies" },
      spec: { type: "LoadBalancer" },
      status: { loadBalancer: { ingress: [{ hostname: "lb.example.com" }] } },
    });
    expect(replica.states.get(spec.gateway)).toEqual({
      addresses: [{ type: "Hostname", value: "lb.example.com" }],
      readyReplicas: 0,
    });
    replica.provisioner.setFleet(spec.gateway, undefined);
    expect(replica.addressServices).toEqual([]);
  });

  it("have the addresses that the Gateway itself names where the class names no Service", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server, { requestedAddresses: ["192.0.2.2", "192.0.2.1"], parameters: { managed: false } });
    replica.provisioner.setFleet(spec.gateway, spec);
    expect(replica.states.get(spec.gateway)?.addresses.map(({ value }) => value)).toEqual(["192.0.2.1", "192.0.2.2"]);
  });
});
