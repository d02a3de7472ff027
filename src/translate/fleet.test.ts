import { describe, expect, it } from "vitest";
import { gateway, gatewayClass, gatewayParameters, listener, listenerSet } from "../../test/support/gateway-objects.ts";
import { createGatewayWorld, standalone, type WorldObject } from "../../test/support/gateway-world.ts";
import type { FleetSpec } from "../core/fleet.ts";
import type { Gateway, GatewayClass } from "../core/gateway-api.ts";
import { buildFleetSpec } from "./fleet.ts";
import type { Placement } from "./placement.ts";

const cluster: Placement = { kind: "cluster", bindAddresses: ["0.0.0.0"] };
const classRef = { group: "gatehouse.dev", kind: "GatewayParameters", name: "class", namespace: "infra" };
const ownRef = { group: "gatehouse.dev", kind: "GatewayParameters", name: "own" };

function fleetOf(objects: readonly WorldObject[], placement: Placement = cluster): FleetSpec {
  const world = createGatewayWorld(placement);
  const specs = world.graph.derive("fleetSpecs", world.nodes, buildFleetSpec(placement));
  world.apply(...objects);
  const spec = specs.get("infra/shared-gateway");
  if (spec === undefined) throw new Error("no fleet");
  return spec;
}

const withParameters = (): GatewayClass => gatewayClass("shared", { parametersRef: classRef });
const refersToOwn = (infrastructure: Gateway["spec"]["infrastructure"] = {}): Gateway =>
  gateway([listener("http")], { infrastructure: { parametersRef: ownRef, ...infrastructure } });

describe("the fleet of a Gateway", () => {
  it("has what the Gateway, its class and the defaults say", () => {
    const infrastructure = { labels: { team: "edge" }, annotations: { note: "ours" } };
    const object = gateway([listener("http")], { infrastructure }, { uid: "u-1", generation: 4 });
    expect(fleetOf([gatewayClass(), object])).toMatchObject({
      gateway: "infra/shared-gateway",
      uid: "u-1",
      generation: 4,
      gatewayClass: "shared",
      frozen: false,
      labels: { team: "edge" },
      annotations: { note: "ours" },
      ports: [{ name: "http-80", protocol: "TCP", port: 80, targetPort: 10_080 }],
      requestedAddresses: [],
      parameters: { managed: true, replicas: 2 },
    });
  });

  it("has each port once, those of ListenerSets too, in order, and none that is not served", () => {
    const own = [
      listener("moved", { port: 10_080 }),
      listener("http"),
      listener("second", { hostname: "a.test" }),
      listener("unknown", { port: 9000, protocol: "example.com/own" }),
    ];
    const { ports } = fleetOf([
      gatewayClass(),
      gateway(own, { allowedListeners: { namespaces: { from: "All" } } }),
      listenerSet("team", "set", [listener("more", { port: 8080 })]),
    ]);
    expect(ports.map(({ name, port, targetPort }) => [name, port, targetPort])).toEqual([
      ["http-80", 80, 10_080],
      ["http-8080", 8080, 8080],
      ["http-10080", 10_080, 64_592],
    ]);
  });

  it("has a number twice that is a TCP port and a UDP port", () => {
    const own = [
      listener("udp", { port: 53, protocol: "UDP" }),
      listener("tcp", { port: 53, protocol: "TCP" }),
      listener("tls", { port: 443, protocol: "TLS", tls: { mode: "Passthrough" } }),
    ];
    const { ports } = fleetOf([gatewayClass(), gateway(own)]);
    expect(ports).toEqual([
      { name: "tcp-53", protocol: "TCP", port: 53, targetPort: 10_053 },
      { name: "udp-53", protocol: "UDP", port: 53, targetPort: 10_053 },
      { name: "https-443", protocol: "TCP", port: 443, targetPort: 10_443 },
    ]);
  });

  it("listens beside the control plane where proxies bind ports themselves", () => {
    const ports = fleetOf(
      [gatewayClass(), gateway([listener("http"), listener("moved", { port: 10_080 })])],
      standalone,
    );
    expect(ports.ports.map(({ targetPort }) => targetPort)).toEqual([10_081, 10_080]);
  });

  it("asks for the addresses that the class allows", () => {
    const addresses = ["192.0.2.1", "192.0.3.1"].map((value) => ({ type: "IPAddress", value }));
    const fleet = fleetOf([
      withParameters(),
      gatewayParameters("infra", "class", { bounds: { addresses: ["192.0.2.0/24"] } }),
      gateway([listener("http")], { addresses }),
    ]);
    expect(fleet.requestedAddresses).toEqual(["192.0.2.1"]);
    expect(fleet.frozen).toBe(false);
  });

  it("has the parameters of both objects", () => {
    const fleet = fleetOf([
      withParameters(),
      gatewayParameters("infra", "class", { replicas: 5, proxies: "Unmanaged" }),
      refersToOwn(),
      gatewayParameters("infra", "own", { replicas: 3 }),
    ]);
    expect(fleet.parameters).toMatchObject({ managed: false, replicas: 3 });
    expect(fleet.frozen).toBe(false);
  });

  it("looks for the Gateway's parameters in its own namespace only", () => {
    const fleet = fleetOf([gatewayClass(), refersToOwn(), gatewayParameters("team", "own", { replicas: 1 })]);
    expect(fleet).toMatchObject({ frozen: true, parameters: { replicas: 2 } });
  });
});

describe("a fleet is frozen", () => {
  it.each<{ name: string; objects: readonly WorldObject[] }>([
    { name: "when the class's parameters are gone", objects: [withParameters(), gateway([listener("http")])] },
    { name: "when the Gateway's parameters are gone", objects: [gatewayClass(), refersToOwn()] },
    {
      name: "when the Gateway oversteps",
      objects: [gatewayClass(), refersToOwn(), gatewayParameters("infra", "own", { replicas: 9 })],
    },
    {
      name: "when the Gateway asks for an address by an annotation",
      objects: [
        gatewayClass(),
        gateway([listener("http")], { infrastructure: { annotations: { "metallb.io/loadBalancerIPs": "10.0.0.1" } } }),
      ],
    },
    {
      name: "when an address is of a type that is not supported",
      objects: [gatewayClass(), gateway([listener("http")], { addresses: [{ type: "Hostname", value: "a.test" }] })],
    },
  ])("$name, and its listeners go on being served", ({ objects }) => {
    const fleet = fleetOf(objects);
    expect(fleet.frozen).toBe(true);
    expect(fleet.ports.map(({ port }) => port)).toEqual([80]);
    expect(fleet.annotations).toEqual({});
  });

  it("when no listener can be accepted, so that it keeps its address meanwhile", () => {
    const fleet = fleetOf([gatewayClass(), gateway([listener("other", { port: 9000, protocol: "example.com/own" })])]);
    expect(fleet).toMatchObject({ frozen: true, ports: [] });
  });
});

describe("the listeners of a fleet", () => {
  it("have the access log and the TLS versions of the effective parameters", () => {
    const world = createGatewayWorld(cluster);
    const accessLog = { format: "None" } as const;
    world.apply(
      withParameters(),
      gatewayParameters("infra", "class", { accessLog, tls: { minimumVersion: "1.3" } }),
      gateway([listener("http")]),
    );
    const [listeners] = [...world.envoyListeners.entries()].map(([, value]) => value);
    expect(listeners).toMatchObject({ accessLog, addresses: ["0.0.0.0"], bindPort: 10_080 });
    expect(world.nodes.get("infra/shared-gateway")?.fleet.parameters.tls.minimumVersion).toBe("1.3");
  });
});
