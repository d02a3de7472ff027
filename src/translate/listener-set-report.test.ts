import { describe, expect, it } from "vitest";
import { gateway, gatewayClass, httpsListener, listener, listenerSet } from "../../test/support/gateway-objects.ts";
import { createGatewayWorld, standalone, type WorldObject } from "../../test/support/gateway-world.ts";
import type { Condition } from "../core/conditions.ts";
import type { DataPlaneState } from "../core/data-plane.ts";
import type { ReportInputs } from "./listener-report.ts";
import { listenerSetStatuses } from "./listener-set-report.ts";

const dataPlane: DataPlaneState = {
  proxies: 1,
  readyProxies: 1,
  listeners: new Map([["http-80", ["v1"]]]),
  refusals: new Map(),
};

const open = { allowedListeners: { namespaces: { from: "All" } } } as const;
const parent = gateway([listener("own", { hostname: "own.example.com" })], open);
const brief = (conditions: readonly Condition[] | undefined) =>
  (conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`);

function statusesOf(objects: readonly WorldObject[], inputs: Partial<ReportInputs> = {}) {
  const world = createGatewayWorld();
  world.apply(gatewayClass(), ...objects);
  const node = world.nodes.get("infra/shared-gateway");
  if (node === undefined) throw new Error("no node");
  const statuses = listenerSetStatuses({
    node,
    attachedRoutes: () => 0,
    dataPlane,
    placement: standalone,
    fleet: undefined,
    listenerVersions: () => "v1",
    ...inputs,
  });
  return statuses.flatMap((status) => (status.kind === "ListenerSet" ? [status] : []));
}

describe("a ListenerSet", () => {
  it("is accepted and programmed with its Gateway, at its own generation", () => {
    const set = listenerSet("team", "set", [listener("http", { hostname: "a.example.com" })], { generation: 3 });
    const [status] = statusesOf([parent, set], {
      attachedRoutes: (key) => (key === "ListenerSet/team/set/http" ? 2 : 0),
    });
    expect(status).toMatchObject({
      object: "ListenerSet/team/set",
      listeners: [{ name: "http", attachedRoutes: 2, supportedKinds: [{ kind: "HTTPRoute" }, { kind: "GRPCRoute" }] }],
    });
    expect(brief(status?.conditions)).toEqual(["Accepted=True Accepted", "Programmed=True Programmed"]);
    expect(brief(status?.listeners[0]?.conditions)).toEqual([
      "Accepted=True Accepted",
      "Programmed=True Programmed",
      "ResolvedRefs=True ResolvedRefs",
      "Conflicted=False NoConflicts",
    ]);
    expect(status?.conditions[0]?.observedGeneration).toBe(3);
    expect(status?.listeners[0]?.conditions[0]?.observedGeneration).toBe(3);
  });

  it("is told that it is not allowed", () => {
    const [status] = statusesOf([gateway([listener("http")]), listenerSet("team", "set", [listener("http")])]);
    expect(brief(status?.conditions)).toEqual(["Accepted=False NotAllowed", "Programmed=False NotAllowed"]);
    expect(status?.listeners).toEqual([]);
  });

  it("with one listener in conflict is accepted, and the listener is not", () => {
    const set = listenerSet("team", "set", [
      listener("good", { hostname: "a.example.com" }),
      listener("taken", { hostname: "own.example.com" }),
    ]);
    const [status] = statusesOf([parent, set]);
    expect(brief(status?.conditions)).toEqual(["Accepted=True ListenersNotValid", "Programmed=True Programmed"]);
    expect(brief(status?.listeners[1]?.conditions)).toEqual([
      "Accepted=False HostnameConflict",
      "Programmed=False HostnameConflict",
      "ResolvedRefs=True ResolvedRefs",
      "Conflicted=True HostnameConflict",
    ]);
  });

  it.each([
    { name: "a hostname that is taken", entry: listener("taken", { hostname: "own.example.com" }) },
    { name: "a protocol that cannot share the port", entry: listener("tcp", { protocol: "TCP" }) },
    { name: "a missing certificate", entry: httpsListener("https", "missing") },
  ])("with nothing but $name is not accepted", ({ entry }) => {
    const [status] = statusesOf([parent, listenerSet("team", "set", [entry])]);
    expect(brief(status?.conditions)).toEqual([
      "Accepted=False ListenersNotValid",
      "Programmed=False ListenersNotValid",
    ]);
    expect(status?.listeners).toHaveLength(1);
  });

  it("waits for the proxies", () => {
    const set = listenerSet("team", "set", [listener("http", { hostname: "a.example.com" })]);
    const [status] = statusesOf([parent, set], { listenerVersions: () => "v2" });
    expect(brief(status?.conditions)).toEqual(["Accepted=True Accepted", "Programmed=False Pending"]);
    expect(brief(status?.listeners[0]?.conditions)[1]).toBe("Programmed=False Pending");
  });

  it("does not read what Envoy said about a listener that others share", () => {
    const refusals = new Map([["listener/http-80", "filter chain of tenant-b.example.com is wrong"]]);
    const set = listenerSet("team", "set", [listener("http", { hostname: "a.example.com" })]);
    const statuses = statusesOf([parent, set], { dataPlane: { ...dataPlane, refusals } });
    expect(brief(statuses[0]?.conditions)[1]).toBe("Programmed=False Invalid");
    expect(JSON.stringify(statuses)).not.toContain("tenant-b");
  });

  it("never names another namespace's objects, however they collide", () => {
    const statuses = statusesOf([
      gateway(
        [
          listener("gateway-secret-name", { hostname: "own.example.com" }),
          httpsListener("gateway-secret-https", "cert", { hostname: "*.example.com" }),
        ],
        open,
      ),
      listenerSet("tenant-a", "set-of-a", [httpsListener("listener-of-a", "cert-of-a", { hostname: "a.example.com" })]),
      listenerSet("tenant-b", "set-of-b", [
        listener("one", { hostname: "own.example.com" }),
        listener("two", { port: 443, hostname: "x.example.com" }),
        httpsListener("three", "missing", { hostname: "b.example.com" }),
      ]),
    ]);
    const ofB = JSON.stringify(statuses.find(({ object }) => object === "ListenerSet/tenant-b/set-of-b"));
    expect(ofB).toContain("OverlappingTLSConfig");
    expect(ofB).toContain("ProtocolConflict");
    for (const foreign of ["tenant-a", "of-a", "gateway-secret", "*.example.com", "a.example.com", "infra"])
      expect(ofB).not.toContain(foreign);
  });
});
