import { beforeAll, describe, expect, it } from "vitest";
import {
  createCertificateAuthority,
  type IssuedCertificate,
  issueCertificate,
} from "../../test/support/certificates.ts";
import {
  gateway,
  gatewayClass,
  httpsListener,
  listener,
  listenerSet,
  tlsSecret,
} from "../../test/support/gateway-objects.ts";
import { createGatewayWorld, type WorldObject } from "../../test/support/gateway-world.ts";
import type { Condition, StatusUpdate } from "../core/conditions.ts";
import type { DataPlaneState } from "../core/data-plane.ts";
import { gatewayStatus } from "./gateway-report.ts";
import type { ReportInputs } from "./listener-report.ts";

let certificate: IssuedCertificate;

beforeAll(async () => {
  certificate = await issueCertificate(await createCertificateAuthority(), { names: ["a.example.com"] });
});

const acknowledging = (...listeners: readonly (readonly [string, string])[]): DataPlaneState => ({
  proxies: 1,
  readyProxies: 1,
  listeners: new Map(listeners),
  refusals: new Map(),
});

function statusOf(objects: readonly WorldObject[], inputs: Partial<ReportInputs> = {}) {
  const world = createGatewayWorld();
  world.apply(gatewayClass(), ...objects);
  const node = world.nodes.get("infra/shared-gateway");
  if (node === undefined) throw new Error("no node");
  const dataPlane = acknowledging(["http-80", "v1"], ["https-443", "v1"]);
  const status = gatewayStatus({ node, attachedRoutes: () => 0, dataPlane, listenerVersions: () => "v1", ...inputs });
  if (status.kind !== "Gateway") throw new Error("no status of a Gateway");
  return status;
}

type GatewayStatus = Extract<StatusUpdate, { kind: "Gateway" }>;

const brief = (conditions: readonly Condition[] | undefined) =>
  (conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`);
const listenerBrief = (status: GatewayStatus, index = 0) => brief(status.listeners[index]?.conditions);

describe("a Gateway that serves", () => {
  it("is accepted and programmed, with its address, its listeners and their routes", () => {
    const attachedRoutes = (key: string) => (key === "Gateway/infra/shared-gateway/http" ? 2 : 0);
    const status = statusOf([gateway([listener("http")], {}, { generation: 7 })], { attachedRoutes });
    expect(status).toMatchObject({
      object: "Gateway/infra/shared-gateway",
      addresses: [{ type: "IPAddress", value: "127.0.0.1" }],
      attachedListenerSets: 0,
      listeners: [{ name: "http", attachedRoutes: 2, supportedKinds: [{ kind: "HTTPRoute" }] }],
    });
    expect(brief(status.conditions)).toEqual(["Accepted=True Accepted", "Programmed=True Programmed"]);
    expect(listenerBrief(status)).toEqual([
      "Accepted=True Accepted",
      "Programmed=True Programmed",
      "ResolvedRefs=True ResolvedRefs",
      "Conflicted=False NoConflicts",
    ]);
    const generations = [...status.conditions, ...status.listeners.flatMap(({ conditions }) => conditions)].map(
      ({ observedGeneration }) => observedGeneration,
    );
    expect(new Set(generations)).toEqual(new Set([7]));
  });

  it("counts the ListenerSets that are accepted, and tells only of its own listeners", () => {
    const status = statusOf([
      gateway([listener("http")], { allowedListeners: { namespaces: { from: "All" } } }),
      listenerSet("a", "good", [listener("one", { hostname: "a.example.com" })]),
      listenerSet("b", "bad", [listener("two", { hostname: "a.example.com" })]),
    ]);
    expect(status.attachedListenerSets).toBe(1);
    expect(status.listeners.map(({ name }) => name)).toEqual(["http"]);
  });
});

describe("what is waited for", () => {
  const http = [gateway([listener("http")])];
  it.each<{ name: string; inputs: Partial<ReportInputs>; want: string; message: string }>([
    {
      name: "a proxy that never came",
      inputs: { dataPlane: undefined },
      want: "Pending",
      message: "No proxy is connected",
    },
    {
      name: "a proxy that left",
      inputs: { dataPlane: { ...acknowledging(["http-80", "v1"]), proxies: 0 } },
      want: "Pending",
      message: "No proxy is connected",
    },
    {
      name: "an acknowledgement of the current version",
      inputs: { dataPlane: acknowledging(["http-80", "v0"]) },
      want: "Pending",
      message: "Waiting for every connected proxy to acknowledge the configuration",
    },
    {
      name: "a first acknowledgement",
      inputs: { dataPlane: acknowledging() },
      want: "Pending",
      message: "Waiting for every connected proxy to acknowledge the configuration",
    },
    {
      name: "a resource that is not made yet, and so was never acknowledged",
      inputs: { listenerVersions: () => undefined, dataPlane: acknowledging() },
      want: "Pending",
      message: "Waiting for every connected proxy to acknowledge the configuration",
    },
    {
      name: "nothing any more, once Envoy has refused",
      inputs: {
        dataPlane: { ...acknowledging(["http-80", "v0"]), refusals: new Map([["listener/http-80", "cannot bind"]]) },
      },
      want: "Invalid",
      message: "A proxy refused listener/http-80: cannot bind",
    },
  ])("$name", ({ inputs, want, message }) => {
    const status = statusOf(http, inputs);
    const programmed = { type: "Programmed", status: "False", reason: want, message };
    expect(status.conditions[1]).toMatchObject(programmed);
    expect(status.listeners[0]?.conditions[1]).toMatchObject(programmed);
    expect(brief(status.conditions)[0]).toBe("Accepted=True Accepted");
  });

  it("a certificate that Envoy refused", () => {
    const refusals = new Map([["secret/infra/cert", "bad certificate"]]);
    const status = statusOf([gateway([httpsListener("https", "cert")]), tlsSecret("infra", "cert", certificate)], {
      dataPlane: { ...acknowledging(["https-443", "v1"]), refusals },
    });
    expect(brief(status.conditions)[1]).toBe("Programmed=False Invalid");
  });

  it("not the refusal of another listener", () => {
    const refusals = new Map([["listener/http-8080", "cannot bind"]]);
    const status = statusOf(http, { dataPlane: { ...acknowledging(["http-80", "v1"]), refusals } });
    expect(brief(status.conditions)[1]).toBe("Programmed=True Programmed");
  });
});

describe("a Gateway with invalid listeners", () => {
  it("is accepted, says which, and is programmed with the rest", () => {
    const status = statusOf([gateway([listener("http"), listener("bad", { port: 1111, protocol: "INVALID" })])]);
    expect(brief(status.conditions)).toEqual(["Accepted=True ListenersNotValid", "Programmed=True Programmed"]);
    expect(status.conditions[0]?.message).toBe("Listeners that cannot be served: bad");
    expect(status.listeners[1]?.supportedKinds).toEqual([]);
    expect(listenerBrief(status, 1)).toEqual([
      "Accepted=False UnsupportedProtocol",
      "Programmed=False Invalid",
      "ResolvedRefs=True ResolvedRefs",
      "Conflicted=False NoConflicts",
    ]);
  });

  it("is refused when none is left", () => {
    const status = statusOf([gateway([listener("bad", { port: 1111, protocol: "INVALID" })])]);
    expect(brief(status.conditions)).toEqual(["Accepted=False ListenersNotValid", "Programmed=False Invalid"]);
  });

  it("keeps a listener accepted whose certificate is missing, and does not program it", () => {
    const status = statusOf([gateway([httpsListener("https", "missing")])], { attachedRoutes: () => 1 });
    expect(brief(status.conditions)).toEqual(["Accepted=True ListenersNotValid", "Programmed=False Invalid"]);
    expect(status.listeners[0]?.attachedRoutes).toBe(1);
    expect(listenerBrief(status)).toEqual([
      "Accepted=True Accepted",
      "Programmed=False Invalid",
      "ResolvedRefs=False InvalidCertificateRef",
      "Conflicted=False NoConflicts",
    ]);
  });

  it("tells all reasons of one condition in one message", () => {
    const kinds = [{ group: "gateway.networking.k8s.io", kind: "InvalidRoute" }];
    const allowedRoutes = { namespaces: { from: "All" }, kinds } as const;
    const status = statusOf([gateway([httpsListener("https", "missing", { allowedRoutes })])]);
    expect(status.listeners[0]?.conditions[2]).toMatchObject({
      reason: "InvalidCertificateRef",
      message: "Secret infra/missing does not exist; protocol HTTPS does not carry routes of kind InvalidRoute",
    });
  });

  it("tells of a conflict in three conditions", () => {
    const status = statusOf([
      gateway([listener("http"), httpsListener("https", "missing", { port: 80, hostname: "a.example.com" })]),
    ]);
    expect(listenerBrief(status, 1)).toEqual([
      "Accepted=False ProtocolConflict",
      "Programmed=False ProtocolConflict",
      "ResolvedRefs=False InvalidCertificateRef",
      "Conflicted=True ProtocolConflict",
    ]);
    expect(brief(status.conditions)).toEqual(["Accepted=True ListenersNotValid", "Programmed=True Programmed"]);
  });

  it("warns of overlapping hostnames only where there are some", () => {
    const status = statusOf([
      gateway([
        httpsListener("a", "missing", { hostname: "foo.example.com" }),
        httpsListener("b", "missing", { hostname: "foo.example.org" }),
        httpsListener("c", "missing", { hostname: "*.example.com" }),
      ]),
    ]);
    const overlap = "OverlappingTLSConfig=True OverlappingHostnames";
    expect([0, 1, 2].map((index) => listenerBrief(status, index).includes(overlap))).toEqual([true, false, true]);
    expect(listenerBrief(status, 1)).toHaveLength(4);
  });
});

describe("addresses", () => {
  it("one that is not supported refuses the Gateway", () => {
    const status = statusOf([gateway([listener("http")], { addresses: [{ type: "Hostname", value: "a.b" }] })]);
    expect(brief(status.conditions)).toEqual(["Accepted=False UnsupportedAddress", "Programmed=False Invalid"]);
    expect(status.addresses).toEqual([]);
    expect(listenerBrief(status)[1]).toBe("Programmed=False Invalid");
  });

  it("one that is not usable leaves it accepted with the others", () => {
    const addresses = [
      { type: "IPAddress", value: "nowhere" },
      { type: "IPAddress", value: "127.0.0.9" },
    ];
    const status = statusOf([gateway([listener("http")], { addresses })]);
    expect(brief(status.conditions)).toEqual(["Accepted=True Accepted", "Programmed=False AddressNotUsable"]);
    expect(status.addresses).toEqual([addresses[1]]);
  });
});

it("a Gateway is not held up by a listener of a ListenerSet on another port", () => {
  const objects = [
    gateway([listener("http")], { allowedListeners: { namespaces: { from: "All" } } }),
    listenerSet("a", "set", [listener("one", { port: 8080 })]),
  ];
  expect(brief(statusOf(objects).conditions)[1]).toBe("Programmed=True Programmed");
});
