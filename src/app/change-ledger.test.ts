import { describe, expect, it } from "vitest";
import type { AnswerChange } from "../core/history.ts";
import { namespacedName, type RouteKind } from "../core/keys.ts";
import { createLogger } from "../logger.ts";
import { readManifests } from "../watch/manifests.ts";
import { ResourceTable } from "../xds/resource-table.ts";
import { ChangeLedger } from "./change-ledger.ts";
import { Translator } from "./translator.ts";

/** Ownership is off, so that namespaces may take hostnames from each other. */
const platform = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatehouse }
spec: { controllerName: gatehouse.dev/test }
---
apiVersion: gatehouse.dev/v1alpha1
kind: GatewayParameters
metadata: { name: open, namespace: infra }
spec: { ownership: { mode: "Off" } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  infrastructure: { parametersRef: { group: gatehouse.dev, kind: GatewayParameters, name: open } }
  listeners:
    - { name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }
`;

function route(namespace: string, hostnames: readonly string[], path = "/", year = "2026"): string {
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: x, namespace: ${namespace}, creationTimestamp: "${year}-01-01T00:00:00Z" }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  hostnames: ${JSON.stringify(hostnames)}
  rules: [{ matches: [{ path: { type: PathPrefix, value: "${path}" } }] }]
`;
}

/** A Gateway that forwards what comes to it: TLS by server name, and two ports. */
function forwarding(mode: "Off" | "Enforce", more: readonly string[] = []): string {
  const listeners = [
    '{ name: tls, port: 443, protocol: TLS, hostname: "*.a.com", tls: { mode: Passthrough }, allowedRoutes: { namespaces: { from: All } } }',
    "{ name: sql, port: 5432, protocol: TCP, allowedRoutes: { namespaces: { from: All } } }",
    "{ name: dns, port: 53, protocol: UDP, allowedRoutes: { namespaces: { from: All } } }",
    ...more,
  ];
  const [before = ""] = platform.split("  listeners:");
  return `${before.replace('mode: "Off"', `mode: "${mode}"`)}  listeners:\n${listeners.map((each) => `    - ${each}\n`).join("")}`;
}

function forward(kind: RouteKind, namespace: string, year: string, hostnames?: readonly string[]): string {
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: x, namespace: ${namespace}, creationTimestamp: "${year}-01-01T00:00:00Z" }
spec:
  parentRefs: [{ name: edge, namespace: infra }]${hostnames === undefined ? "" : `\n  hostnames: ${JSON.stringify(hostnames)}`}
  rules: [{ backendRefs: [{ name: server, port: 1 }] }]
`;
}

const gateway = namespacedName("infra", "edge");

/** A control plane without servers: what is applied is translated, published and written down at once. */
class World {
  readonly translator = new Translator({
    controllerName: "gatehouse.dev/test",
    placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
  });
  readonly table = new ResourceTable();
  readonly told: AnswerChange[] = [];
  held: readonly (string | undefined)[] = [];
  readonly ledger = new ChangeLedger({
    translator: this.translator,
    table: this.table,
    held: () => this.held,
    config: { ledgerEntries: 100 },
    now: () => new Date("2026-01-01T00:00:00Z"),
    logger: createLogger("silent"),
    onChanges: (changes) => this.told.push(...changes),
  });

  apply(manifests: string): readonly string[] {
    const { objects, problems } = readManifests([{ path: "test.yaml", text: manifests }]);
    expect(problems).toEqual([]);
    for (const { kind, name, object } of objects) this.translator.set(kind, name, object);
    return this.publish();
  }

  delete(namespace: string, kind: RouteKind = "HTTPRoute"): readonly string[] {
    this.translator.delete(kind, namespacedName(namespace, "x"));
    return this.publish();
  }

  publish(): readonly string[] {
    const changes = this.translator.flush();
    for (const [name, list] of changes.resources) this.table.update(name, list);
    this.told.length = 0;
    this.ledger.published(changes);
    const brief = (answer: AnswerChange["from"]) => answer?.route.split("/")[1] ?? "nobody";
    return this.told
      .map(
        ({ hostname, path, protocol, from, to }) =>
          `${hostname}${path?.value ?? ` ${protocol}`} ${brief(from)} ${brief(to)}`,
      )
      .sort();
  }
}

describe("the history of what is published", () => {
  it("follows a hostname from one namespace to the other and back", () => {
    const world = new World();
    expect(world.apply(platform + route("shop", ["a.com"]))).toEqual([]);
    expect(world.apply(route("rival", ["a.com"], "/", "2027"))).toEqual([]);
    expect(world.apply(route("older", ["a.com"], "/", "2020"))).toEqual(["a.com/ shop older"]);
    expect(world.ledger.history({ host: "A.com.", path: "/b" })).toMatchObject({
      host: "A.com.",
      path: "/b",
      current: [{ gateway, port: 80, route: "HTTPRoute/older/x" }],
      changes: [{ cause: "HTTPRoute older/x generation 1 changed", proxies: { connected: 0, acknowledged: 0 } }],
    });
    expect(world.delete("older")).toEqual(["a.com/ older shop"]);
    expect(world.delete("shop")).toEqual(["a.com/ shop rival"]);
    expect(world.delete("rival")).toEqual(["a.com/ rival nobody"]);
    expect(world.ledger.history({ host: "a.com" }).current).toEqual([]);
  });

  it("begins with the first publication, also where that is empty", () => {
    const world = new World();
    expect(world.publish()).toEqual([]);
    expect(world.apply(platform + route("shop", ["a.com"]))).toEqual(["a.com/ nobody shop"]);
  });

  it("sees who answers where a match is never reached", () => {
    const world = new World();
    const narrow = platform.replace("protocol: HTTP,", "protocol: HTTP, hostname: api.a.com,");
    world.apply(narrow + route("wide", ["*.a.com"], "/v1"));
    expect(world.apply(route("exact", ["api.a.com"], "/"))).toEqual([
      "api.a.com/ nobody exact",
      "api.a.com/v1 wide exact",
    ]);
    expect(world.ledger.history({ host: "api.a.com" }).current.map(({ path }) => path?.value)).toEqual(["/"]);
  });

  it("begins anew with nothing when the Gateway goes", () => {
    const world = new World();
    world.apply(platform + route("shop", ["a.com"]));
    world.translator.delete("Gateway", gateway);
    expect(world.publish()).toEqual(["a.com/ shop nobody"]);
    expect(world.told[0]).toMatchObject({
      port: 80,
      cause: "Gateway infra/edge is gone",
      resource: { name: "http-80" },
    });
  });

  it("knows the table in which proxies see a hostname, and who has it or a later one", () => {
    const world = new World();
    const crowd = Array.from({ length: 600 }, (_, index) => route(`crowd-${index}`, [`h${index}.com`])).join("");
    world.apply(platform + crowd);
    expect(world.apply(route("rival", ["h7.com"], "/pay"))).toEqual(["h7.com/pay crowd-7 rival"]);
    const [change] = world.told;
    const version = change?.resource.version;
    expect(change?.resource.name).toBe("http-80/h7.com");
    expect(version).toMatch(/^[0-9a-f]{16}$/);
    world.apply(route("rival", ["h7.com"], "/paid"));
    const latest = world.told[0]?.resource.version;
    world.held = [version, latest, "0000000000000000", undefined];
    const { changes } = world.ledger.history({ host: "h7.com", path: "/pay" });
    expect(changes.map(({ proxies }) => proxies)).toEqual([
      { connected: 4, acknowledged: 1 },
      { connected: 4, acknowledged: 2 },
    ]);
  });
});

describe("the history of what is forwarded as it is", () => {
  it.each<[RouteKind, readonly string[] | undefined, string]>([
    ["TLSRoute", ["db.a.com"], "db.a.com TLS"],
    ["TCPRoute", undefined, " TCP"],
    ["UDPRoute", undefined, " UDP"],
  ])("follows a %s from one namespace to the other and back", (kind, hostnames, place) => {
    const world = new World();
    expect(world.apply(forwarding("Off") + forward(kind, "shop", "2026", hostnames))).toEqual([]);
    expect(world.apply(forward(kind, "rival", "2027", hostnames))).toEqual([]);
    expect(world.apply(forward(kind, "older", "2020", hostnames))).toEqual([`${place} shop older`]);
    expect(world.told[0]?.cause).toBe(`${kind} older/x generation 1 changed`);
    expect(world.delete("older", kind)).toEqual([`${place} older shop`]);
    expect(world.delete("shop", kind)).toEqual([`${place} shop rival`]);
    expect(world.delete("rival", kind)).toEqual([`${place} rival nobody`]);
  });

  it("is asked by port, or by server name, and counts who has the listener or a later one", () => {
    const world = new World();
    world.apply(
      forwarding("Off") + forward("TCPRoute", "shop", "2026") + forward("TLSRoute", "shop", "2026", ["*.a.com"]),
    );
    world.apply(forward("TCPRoute", "older", "2020"));
    const first = world.told[0]?.resource;
    expect(first).toMatchObject({ name: "tcp-5432", version: expect.stringMatching(/^[0-9a-f]{16}$/) });
    world.delete("older", "TCPRoute");
    const latest = world.told[0]?.resource.version;
    world.held = [first?.version, latest, "0000000000000000"];
    const { current, changes } = world.ledger.history({ port: 5432, protocol: "TCP" });
    expect(current).toEqual([
      { gateway, port: 5432, hostname: "", protocol: "TCP", route: "TCPRoute/shop/x", generation: 1 },
    ]);
    expect(changes.map(({ proxies }) => proxies.acknowledged)).toEqual([1, 2]);
    expect(world.ledger.history({ host: "db.a.com" })).toMatchObject({
      current: [{ port: 443, hostname: "*.a.com", protocol: "TLS", route: "TLSRoute/shop/x" }],
      changes: [],
    });
  });

  it("sees a name that another namespace holds closed below a wildcard, and a listener of its own", () => {
    const world = new World();
    const web = "{ name: web, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }";
    const own =
      '{ name: own, port: 443, protocol: TLS, hostname: "own.a.com", tls: { mode: Passthrough }, allowedRoutes: { namespaces: { from: Same } } }';
    world.apply(forwarding("Enforce", [web]) + route("rival", ["www.a.com"]));
    expect(world.apply(forward("TLSRoute", "shop", "2026", ["*.a.com"]))).toEqual(["*.a.com TLS nobody shop"]);
    const ports = (host: string) => world.ledger.history({ host }).current.map(({ port }) => port);
    expect([ports("www.a.com"), ports("db.a.com")]).toEqual([[80], [443]]);
    expect(world.apply(forwarding("Enforce", [web, own]))).toEqual(["own.a.com TLS shop nobody"]);
    expect(world.apply(forwarding("Enforce", [web]))).toEqual(["own.a.com TLS nobody shop"]);
  });

  it("ends when the Gateway goes", () => {
    const world = new World();
    world.apply(forwarding("Off") + forward("TCPRoute", "shop", "2026"));
    world.translator.delete("Gateway", gateway);
    expect(world.publish()).toEqual([" TCP shop nobody"]);
    expect(world.told[0]).toMatchObject({ port: 5432, resource: { name: "tcp-5432" } });
    expect(world.ledger.history({ port: 5432, protocol: "TCP" }).current).toEqual([]);
  });
});
