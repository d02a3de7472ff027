import { describe, expect, it } from "vitest";
import { createRouteWorld, gatewayManifest, httpListener, type RouteWorld } from "../../test/support/route-world.ts";
import { routeStatus } from "./route-report.ts";

type Kind = "HTTPRoute" | "GRPCRoute";

interface Written {
  readonly hostnames?: readonly string[];
  /** Minutes after midnight. */
  readonly age?: number;
  readonly namespace?: string;
}

function route(kind: Kind, name: string, { hostnames = ["a.example.com"], age = 0, namespace = "shop" }: Written) {
  const createdAt = `2026-01-01T00:${String(age).padStart(2, "0")}:00Z`;
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace}, creationTimestamp: "${createdAt}" }
spec: { parentRefs: [{ name: edge, namespace: infra }], hostnames: ${JSON.stringify(hostnames)}, rules: [{}] }
`;
}

const edge = gatewayManifest("edge", httpListener("http"));

function worldOf(...manifests: readonly string[]): RouteWorld {
  const world = createRouteWorld();
  for (const manifest of manifests) world.apply(manifest);
  return world;
}

/** The hostnames that a route answers, or why it answers none. */
function answers(world: RouteWorld, kind: Kind, name: string, namespace = "shop") {
  const { parents } = world.route(`${namespace}/${name}`, kind);
  const hosts = parents.flatMap(({ attachments }) => attachments.flatMap((attachment) => attachment.hosts));
  return parents[0]?.rejection?.reason ?? hosts.map(({ hostname }) => hostname);
}

describe("a hostname for which routes of both kinds ask", () => {
  it.each<[string, Written, Written, Kind]>([
    ["the older", { age: 1 }, { age: 2 }, "HTTPRoute"],
    ["the older of the other kind", { age: 2 }, { age: 1 }, "GRPCRoute"],
  ])("is answered by %s, whichever came first here", (_what, http, grpc, winner) => {
    const [h, g] = [route("HTTPRoute", "web", http), route("GRPCRoute", "calls", grpc)];
    for (const order of [[edge, h, g], [edge, g, h], [g, h, edge], [edge + g + h]]) {
      const world = worldOf(...order);
      const found = { HTTPRoute: answers(world, "HTTPRoute", "web"), GRPCRoute: answers(world, "GRPCRoute", "calls") };
      expect(found).toEqual({
        HTTPRoute: "HostnameConflict",
        GRPCRoute: "HostnameConflict",
        [winner]: ["a.example.com"],
      });
    }
  });

  it.each([
    ["a", "b", "HTTPRoute"],
    ["b", "a", "GRPCRoute"],
    ["a", "a", "GRPCRoute"],
  ])("is decided by name among routes of one age: %s and %s", (http, grpc, winner) => {
    const world = worldOf(edge + route("HTTPRoute", http, {}) + route("GRPCRoute", grpc, {}));
    const lost = [answers(world, "HTTPRoute", http), answers(world, "GRPCRoute", grpc)].map((each) => typeof each);
    expect(lost).toEqual(winner === "HTTPRoute" ? ["object", "string"] : ["string", "object"]);
  });

  it("is answered by all routes of the kind that has the oldest", () => {
    const world = worldOf(
      edge,
      route("HTTPRoute", "first", { age: 1 }) +
        route("GRPCRoute", "calls", { age: 2 }) +
        route("HTTPRoute", "last", { age: 3 }),
    );
    expect(answers(world, "HTTPRoute", "first")).toEqual(["a.example.com"]);
    expect(answers(world, "HTTPRoute", "last")).toEqual(["a.example.com"]);
    expect(answers(world, "GRPCRoute", "calls")).toBe("HostnameConflict");
    world.remove("HTTPRoute", "shop/first");
    expect(answers(world, "HTTPRoute", "last")).toBe("HostnameConflict");
    expect(answers(world, "GRPCRoute", "calls")).toEqual(["a.example.com"]);
    world.remove("GRPCRoute", "shop/calls");
    expect(answers(world, "HTTPRoute", "last")).toEqual(["a.example.com"]);
  });

  it("is left to the loser as soon as the winner asks for another", () => {
    const world = worldOf(edge, route("HTTPRoute", "web", { age: 1 }) + route("GRPCRoute", "calls", { age: 2 }));
    world.apply(route("HTTPRoute", "web", { age: 1, hostnames: ["b.example.com"] }));
    expect(answers(world, "GRPCRoute", "calls")).toEqual(["a.example.com"]);
  });

  it("is no conflict beside a wildcard that covers it", () => {
    const world = worldOf(
      edge,
      route("HTTPRoute", "web", { age: 1, hostnames: ["*.example.com"] }) +
        route("GRPCRoute", "calls", { age: 2 }) +
        route("HTTPRoute", "rest", { hostnames: [] }),
    );
    expect(answers(world, "HTTPRoute", "web")).toEqual(["*.example.com"]);
    expect(answers(world, "GRPCRoute", "calls")).toEqual(["a.example.com"]);
    expect(answers(world, "HTTPRoute", "rest")).toEqual([""]);
  });

  it("costs the loser that hostname only, and its status says so", () => {
    const world = worldOf(
      edge,
      route("HTTPRoute", "web", { age: 1 }) +
        route("GRPCRoute", "calls", { age: 2, hostnames: ["a.example.com", "b.example.com"] }),
    );
    expect(answers(world, "GRPCRoute", "calls")).toEqual(["b.example.com"]);
    const status = routeStatus(world.route("shop/calls", "GRPCRoute"), "gatehouse.dev/test");
    expect(status).toMatchObject({
      parents: [
        {
          conditions: [
            { type: "Accepted", status: "True" },
            { type: "ResolvedRefs" },
            { type: "gatehouse.dev/HostnamesGranted", status: "False", reason: "HostnameConflict" },
          ],
        },
      ],
    });
    expect(JSON.stringify(status)).toMatch(/'a\.example\.com' is answered by HTTPRoutes/);
  });

  it("leaves a whole route that has no other hostname not accepted", () => {
    const world = worldOf(edge, route("HTTPRoute", "web", { age: 1 }) + route("GRPCRoute", "calls", { age: 2 }));
    expect(routeStatus(world.route("shop/calls", "GRPCRoute"), "gatehouse.dev/test")).toMatchObject({
      parents: [{ conditions: [{ type: "Accepted", status: "False", reason: "HostnameConflict" }, {}] }],
    });
  });
});

describe("routes of two namespaces", () => {
  const sets = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  allowedListeners: { namespaces: { from: All } }
  listeners: [{ name: own, port: 81, protocol: HTTP }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: shared, namespace: infra }
spec:
  parentRef: { name: edge }
  listeners: [{ name: http, port: 80, protocol: HTTP, hostname: a.example.com, allowedRoutes: { namespaces: { from: All } } }]
`;
  const onSet = (kind: Kind, name: string, written: Written, path: string) =>
    route(kind, name, written)
      .replace("{ name: edge, namespace: infra }", "{ kind: ListenerSet, name: shared, namespace: infra }")
      .replace("[{}]", `[{ matches: [${path}] }]`);
  const web = "{ path: { value: /web } }";
  const calls = "{ method: { service: calls.V1 } }";

  it("never take a hostname from each other where claims are enforced, however old they are", () => {
    const world = worldOf(edge, route("HTTPRoute", "web", { age: 2, namespace: "infra" }));
    world.apply(route("GRPCRoute", "calls", { age: 1 }));
    expect(answers(world, "HTTPRoute", "web", "infra")).toEqual(["a.example.com"]);
    expect(answers(world, "GRPCRoute", "calls")).toBe("HostnameClaimed");
  });

  it("compete for it where nothing enforces claims", () => {
    const off = `
---
apiVersion: gatehouse.dev/v1alpha1
kind: GatewayParameters
metadata: { name: off, namespace: infra }
spec: { ownership: { mode: Off } }
`;
    const parameters =
      "infrastructure: { parametersRef: { group: gatehouse.dev, kind: GatewayParameters, name: off } }";
    const world = worldOf(
      off + sets.replace("gatewayClassName: gatehouse", `gatewayClassName: gatehouse\n  ${parameters}`),
      onSet("HTTPRoute", "web", { age: 1, namespace: "infra" }, web) + onSet("GRPCRoute", "calls", { age: 2 }, calls),
    );
    expect(answers(world, "HTTPRoute", "web", "infra")).toEqual(["a.example.com"]);
    expect(answers(world, "GRPCRoute", "calls")).toBe("HostnameConflict");
  });
});
