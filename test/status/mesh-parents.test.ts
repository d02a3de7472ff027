import { afterEach, beforeEach, expect, it } from "vitest";
import { Translator } from "../../src/app/translator.ts";
import { conditionTrue } from "../../src/core/conditions.ts";
import type { Route } from "../../src/core/gateway-api.ts";
import { namespacedName, objectKey, type RouteKind, routeKinds } from "../../src/core/keys.ts";
import { acceptObject } from "../../src/watch/accepted-object.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";
import { gatewayClass } from "../support/gateway-class.ts";
import { StatusWorld } from "./status-world.ts";

const options = {
  controllerName: "gatehouse.dev/gateway-controller",
  placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
} as const;
const platform = `
${gatewayClass}---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - { name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }
    - { name: tls, port: 443, protocol: TLS, tls: { mode: Passthrough }, allowedRoutes: { namespaces: { from: All } } }
    - { name: tcp, port: 9000, protocol: TCP, allowedRoutes: { namespaces: { from: All } } }
    - { name: udp, port: 9000, protocol: UDP, allowedRoutes: { namespaces: { from: All } } }
`;
const service = { group: "", kind: "Service", name: "app", namespace: "shop" };
const gateway = { name: "edge", namespace: "infra" };
/** What a mesh has written of its own parent. */
const ofTheMesh = {
  parentRef: service,
  controllerName: "example.com/mesh",
  conditions: [{ ...conditionTrue("Accepted", 1), lastTransitionTime: "2026-01-01T00:00:00Z" }],
};

let server: FakeApiServer;

beforeEach(async () => {
  server = await startFakeApiServer();
});

afterEach(() => server.stop());

/** A whole control plane's way from a stored route to its status. */
class MeshWorld extends StatusWorld {
  readonly #translator = new Translator(options);
  readonly #kind: RouteKind;

  constructor(kind: RouteKind) {
    super(server);
    this.#kind = kind;
    for (const { kind: of, name, object } of readManifests([{ path: "platform.yaml", text: platform }]).objects) {
      this.#translator.set(of, name, object);
    }
    this.writer.lead(true);
  }

  /** Stores the route, and lets everything happen that follows. */
  async put(...parentRefs: readonly object[]): Promise<void> {
    const kind = this.#kind;
    const stored = server.get(kind, "shop/web")?.["status"] ?? { parents: [ofTheMesh] };
    const hostnames = kind === "TCPRoute" || kind === "UDPRoute" ? {} : { hostnames: ["a.example.com"] };
    const spec = { parentRefs, ...hostnames, rules: [{ backendRefs: [{ name: "app", port: 80 }] }] };
    const raw = server.put(kind, { metadata: { namespace: "shop", name: "web" }, spec, status: stored });
    const accepted = acceptObject(kind, structuredClone(raw));
    if (accepted.kind !== "object") throw new Error(JSON.stringify(accepted));
    // The kind that was asked for is the kind that comes back.
    this.#translator.set(kind, namespacedName("shop", "web"), accepted.object as Route);
    this.observe();
    for (const [key, update] of this.#translator.flush().statuses) {
      if (key.startsWith(`${kind}/`)) this.writer.update(key, update);
    }
    await this.pass(5_000, 1_000);
  }

  parents(): readonly string[] {
    const { parents = [] } = this.statusOf(objectKey(this.#kind, namespacedName("shop", "web")));
    return parents.map(({ parentRef, controllerName }) => `${parentRef.kind ?? "Gateway"} by ${controllerName}`);
  }
}

const [mesh, ours] = ["Service by example.com/mesh", "Gateway by gatehouse.dev/gateway-controller"];

it.each(routeKinds)("a %s keeps what a mesh says of its Service, beside what is said of its Gateway", async (kind) => {
  const world = new MeshWorld(kind);
  await world.put(service, gateway);
  expect(world.parents()).toEqual([mesh, ours]);
  expect(server.get(kind, "shop/web")?.["status"]).toMatchObject({ parents: [ofTheMesh, {}] });
  await world.put(service);
  expect(world.parents()).toEqual([mesh]);
  expect(server.get(kind, "shop/web")?.["status"]).toEqual({ parents: [ofTheMesh] });
});

it.each(routeKinds)("a %s with a Service alone is never written", async (kind) => {
  const world = new MeshWorld(kind);
  await world.put(service);
  expect(world.writes()).toEqual([]);
  expect(world.parents()).toEqual([mesh]);
});
