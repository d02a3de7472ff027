import { beforeAll, describe, expect, it } from "vitest";
import type { GrpcRoute, ListenerSpec, TcpRoute, TlsRoute, UdpRoute } from "../../src/core/gateway-api.ts";
import { gateway, gatewayClass, listener, metadata, namespaceObject } from "../support/gateway-objects.ts";
import { endpointSlice, routeTo, teamEdits } from "./team-objects.ts";
import { createWorld, type Edit, holdClaims, outcome, type World } from "./world.ts";

/* What an edit of a route of another kind runs, beside few and beside 1,000 other routes: the same. */
const all = { allowedRoutes: { namespaces: { from: "All" } } } as const;
const apiVersion = "gateway.networking.k8s.io/v1";
const parent = { group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "infra", name: "shared-gateway" };

function layer4Listener(name: string, port: number, protocol: string): ListenerSpec {
  return listener(name, {
    ...all,
    port,
    protocol,
    ...(protocol === "TLS" && { tls: { mode: "Passthrough" } as const }),
  });
}

const listeners = [
  listener("http", all),
  layer4Listener("tls", 8443, "TLS"),
  layer4Listener("tcp", 9000, "TCP"),
  layer4Listener("more-tcp", 9001, "TCP"),
  layer4Listener("udp", 5300, "UDP"),
];

function rulesWith(weight: number) {
  return [{ backendRefs: [{ group: "", kind: "Service", name: "backend", port: 80, weight }] }];
}

function tcp(weight: number): Edit {
  const spec = { parentRefs: [{ ...parent, sectionName: "tcp" }], rules: rulesWith(weight) };
  const value: TcpRoute = { apiVersion, kind: "TCPRoute", metadata: metadata("one", { namespace: "team" }), spec };
  return { of: "TCPRoute", key: "team/one", value };
}

function udp(weight: number): Edit {
  const spec = { parentRefs: [{ ...parent, sectionName: "udp" }], rules: rulesWith(weight) };
  const value: UdpRoute = { apiVersion, kind: "UDPRoute", metadata: metadata("one", { namespace: "team" }), spec };
  return { of: "UDPRoute", key: "team/one", value };
}

function tls(weight: number): Edit {
  const spec = {
    parentRefs: [{ ...parent, sectionName: "tls" }],
    hostnames: ["team.tls.test"],
    rules: rulesWith(weight),
  };
  const value: TlsRoute = { apiVersion, kind: "TLSRoute", metadata: metadata("one", { namespace: "team" }), spec };
  return { of: "TLSRoute", key: "team/one", value };
}

function grpc(method: string): Edit {
  const matches = [{ method: { type: "Exact", service: "shop.Cart", method } }] as const;
  const rules = rulesWith(1).map((rule) => ({ ...rule, matches }));
  const spec = { parentRefs: [{ ...parent, sectionName: "http" }], hostnames: ["rpc.example.com"], rules };
  const value: GrpcRoute = { apiVersion, kind: "GRPCRoute", metadata: metadata("one", { namespace: "team" }), spec };
  return { of: "GRPCRoute", key: "team/one", value };
}

const base: readonly Edit[] = [tcp(1), udp(1), tls(1), grpc("Add")];
const sizes = [20, 1_000] as const;
let worlds: ReadonlyMap<number, World> = new Map();

function worldWith(routes: number): World {
  const world = createWorld();
  world.apply([
    { of: "GatewayClass", key: "shared", value: gatewayClass() },
    { of: "Gateway", key: "infra/shared-gateway", value: gateway(listeners) },
    ...["team", "crowd"].flatMap((name): readonly Edit[] => [
      { of: "Namespace", key: name, value: namespaceObject(name) },
      ...teamEdits(name),
    ]),
    ...base,
    ...Array.from({ length: routes }, (_, index): Edit => {
      const name = `more-${index}`;
      return { of: "HTTPRoute", key: `crowd/${name}`, value: routeTo("crowd", name, [`${name}.example.com`]) };
    }),
  ]);
  world.graph.flush();
  holdClaims(world);
  return world;
}

beforeAll(() => {
  worlds = new Map(sizes.map((routes) => [routes, worldWith(routes)]));
});

/** Makes the edit, counts, and takes it back. */
function runsOf(routes: number, edit: Edit): Readonly<Record<string, number>> {
  const world = worlds.get(routes);
  if (world === undefined) throw new Error(`no world with ${routes} routes`);
  const before = new Map(world.graph.runs);
  world.apply([edit]);
  world.graph.flush();
  holdClaims(world);
  const runs = [...world.graph.runs].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
  const restored = [...base, ...teamEdits("team")].find(({ of, key }) => of === edit.of && key === edit.key);
  world.apply([restored ?? ({ ...edit, value: undefined } as Edit)]); // of the same kind
  world.graph.flush();
  return Object.fromEntries(runs.filter(([, count]) => count > 0));
}

const bound = { attachments: 1, routeStatuses: 1, routeClaims: 1 };
const forwarded = { ...bound, portRoutes: 1, layer4Winners: 1, wideServerNames: 1, listeners: 1 };
/** The table that all hostnames share is printed as a whole while there are few. */
const hostname = { virtualHosts: 1, shadows: 1, wantedTableModes: 1, hostTables: 1, hostScopes: 1 };

describe.each(sizes)("beside %i other routes", (routes) => {
  it.each([
    {
      what: "other weights of a TCPRoute print its listener, and bind nothing else",
      edit: tcp(2),
      runs: { ...forwarded, tcpRoutes: 1, tcpRouteWeights: 1, clusterNodes: 1 },
    },
    {
      what: "other weights of a UDPRoute print its listener and the one cluster of its datagrams",
      edit: udp(2),
      runs: {
        ...{ ...forwarded, udpRoutes: 1, udpRouteWeights: 1 },
        ...{ datagramClusterNodes: 1, datagramClusters: 1, datagramEndpoints: 1, datagramReaches: 1 },
      },
    },
    {
      what: "other weights of a TLSRoute print the listener of its server names",
      edit: tls(2),
      runs: { ...forwarded, tlsRoutes: 1, tlsRouteWeights: 1, writtenTlsHostnames: 1, clusterNodes: 1 },
    },
    {
      what: "another method of a GRPCRoute prints its hostname, and no listener",
      edit: grpc("Remove"),
      runs: {
        ...{ ...bound, ...hostname, grpcRoutes: 1, grpcRouteWeights: 1, writtenGrpcHostnames: 1 },
        ...{ grpcPlaces: 1, resolvedGrpcRoutes: 1, tableRoutes: 1, clusterNodes: 1 },
        ...(routes < 500 && { sharedTables: 1 }),
      },
    },
    {
      what: "a TCPRoute that goes prints its listener, and is counted no more",
      edit: { of: "TCPRoute", key: "team/one", value: undefined } as const,
      runs: { budgetScopes: 2, listeners: 1, gatewayStatuses: 1 },
    },
    {
      what: "new endpoints print those of the clusters that have them, and nothing else",
      edit: { of: "EndpointSlice", key: "team/slice", value: endpointSlice("team", ["192.0.2.9"]) } as const,
      runs: { ownedAddresses: 1, endpoints: 4 },
    },
  ])("$what", ({ edit, runs }) => {
    expect(runsOf(routes, edit)).toEqual(runs);
  });

  it("leaves a world behind that is as it was, once each edit is taken back", () => {
    const world = worlds.get(routes);
    expect(world && outcome(world)).toEqual(outcome(worldWith(routes)));
  });
});
