import { beforeAll, describe, expect, it } from "vitest";
import {
  createCertificateAuthority,
  type IssuedCertificate,
  issueCertificate,
} from "../../test/support/certificates.ts";
import {
  gateway,
  gatewayClass,
  gatewayParameters,
  httpsListener,
  listener,
  listenerSet,
  tlsSecret,
} from "../../test/support/gateway-objects.ts";
import { createGatewayWorld, standalone, type WorldObject } from "../../test/support/gateway-world.ts";
import type { Condition, ProgrammingStage, StatusUpdate } from "../core/conditions.ts";
import type { DataPlaneState } from "../core/data-plane.ts";
import type { FleetState } from "../core/fleet.ts";
import type { GatewayParametersSpec } from "../core/gateway-parameters.ts";
import { gatewayStatus } from "./gateway-report.ts";
import type { ReportInputs } from "./listener-report.ts";
import type { Placement } from "./placement.ts";

let certificate: IssuedCertificate;

beforeAll(async () => {
  certificate = await issueCertificate(await createCertificateAuthority(), { names: ["a.example.com"] });
});

const acknowledging = (...listeners: readonly (readonly [string, string])[]): DataPlaneState => ({
  proxies: 1,
  readyProxies: 1,
  listeners: new Map(listeners.map(([name, version]) => [name, [version]])),
  refusals: new Map(),
});

function statusOf(
  objects: readonly WorldObject[],
  inputs: Partial<ReportInputs> = {},
  placement: Placement = standalone,
) {
  const world = createGatewayWorld(placement);
  world.apply(gatewayClass(), ...objects);
  const node = world.nodes.get("infra/shared-gateway");
  if (node === undefined) throw new Error("no node");
  const dataPlane = acknowledging(["http-80", "v1"], ["https-443", "v1"]);
  const status = gatewayStatus({
    node,
    attachedRoutes: () => 0,
    dataPlane,
    placement,
    fleet: undefined,
    listenerVersions: () => "v1",
    ...inputs,
  });
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
      listeners: [{ name: "http", attachedRoutes: 2, supportedKinds: [{ kind: "HTTPRoute" }, { kind: "GRPCRoute" }] }],
    });
    expect(brief(status.conditions)).toEqual([
      "Accepted=True Accepted",
      "Programmed=True Programmed",
      "ResolvedRefs=True ResolvedRefs",
    ]);
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
      message: "Waiting for a proxy to acknowledge the configuration",
    },
    {
      name: "a first acknowledgement",
      inputs: { dataPlane: acknowledging() },
      want: "Pending",
      message: "Waiting for a proxy to acknowledge the configuration",
    },
    {
      name: "a resource that is not made yet, and so was never acknowledged",
      inputs: { listenerVersions: () => undefined, dataPlane: acknowledging() },
      want: "Pending",
      message: "Waiting for a proxy to acknowledge the configuration",
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
    expect(brief(status.conditions)).toEqual([
      "Accepted=True ListenersNotValid",
      "Programmed=True Programmed",
      "ResolvedRefs=True ResolvedRefs",
    ]);
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
    expect(brief(status.conditions)).toEqual([
      "Accepted=False ListenersNotValid",
      "Programmed=False Invalid",
      "ResolvedRefs=True ResolvedRefs",
    ]);
  });

  it("keeps a listener accepted whose certificate is missing, and does not program it", () => {
    const status = statusOf([gateway([httpsListener("https", "missing")])], { attachedRoutes: () => 1 });
    expect(brief(status.conditions)).toEqual([
      "Accepted=True ListenersNotValid",
      "Programmed=False Invalid",
      "ResolvedRefs=False ListenersNotResolved",
    ]);
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
    expect(brief(status.conditions)).toEqual([
      "Accepted=True ListenersNotValid",
      "Programmed=True Programmed",
      "ResolvedRefs=False ListenersNotResolved",
    ]);
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
    expect(brief(status.conditions)).toEqual([
      "Accepted=False UnsupportedAddress",
      "Programmed=False Invalid",
      "ResolvedRefs=True ResolvedRefs",
    ]);
    expect(status.addresses).toEqual([]);
    expect(listenerBrief(status)[1]).toBe("Programmed=False Invalid");
  });

  it("one that is not usable leaves it accepted with the others", () => {
    const addresses = [
      { type: "IPAddress", value: "nowhere" },
      { type: "IPAddress", value: "127.0.0.9" },
    ];
    const status = statusOf([gateway([listener("http")], { addresses })]);
    expect(brief(status.conditions)).toEqual([
      "Accepted=True Accepted",
      "Programmed=False AddressNotUsable",
      "ResolvedRefs=True ResolvedRefs",
    ]);
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

describe("a Gateway in a cluster", () => {
  const cluster: Placement = { kind: "cluster", bindAddresses: ["0.0.0.0"] };
  const address = { type: "IPAddress", value: "192.0.2.1" };
  const serving: FleetState = { addresses: [address], readyReplicas: 1 };
  const http = [gateway([listener("http")])];
  const silent = { dataPlane: undefined };

  it("tells the fleet's addresses, and is programmed with an address and an acknowledgement", () => {
    const status = statusOf(http, { fleet: serving }, cluster);
    expect(status).toMatchObject({ addresses: [address], programming: "settled" });
    expect(brief(status.conditions)).toEqual([
      "Accepted=True Accepted",
      "Programmed=True Programmed",
      "ResolvedRefs=True ResolvedRefs",
    ]);
  });

  it("is programmed when one of several proxies runs the current version", () => {
    const dataPlane = { ...acknowledging(), proxies: 2, listeners: new Map([["http-80", ["v0", "v1"]]]) };
    expect(brief(statusOf(http, { fleet: serving, dataPlane }, cluster).conditions)[1]).toBe(
      "Programmed=True Programmed",
    );
  });

  it.each<{
    name: string;
    inputs: Partial<ReportInputs>;
    programmed: string;
    message: string;
    stage: ProgrammingStage;
  }>([
    {
      name: "nothing is known of the fleet",
      inputs: { fleet: undefined },
      programmed: "Pending",
      message: "Waiting for the proxies to be set up",
      stage: "waiting",
    },
    {
      name: "the fleet has no address yet",
      inputs: { fleet: { addresses: [], readyReplicas: 1 } },
      programmed: "Pending",
      message: "Waiting for an address to be assigned",
      stage: "waiting",
    },
    {
      name: "there is no load balancer",
      inputs: {
        fleet: { ...serving, addresses: [], addressProblem: { reason: "AddressNotAssigned", message: "set a type" } },
      },
      programmed: "AddressNotAssigned",
      message: "set a type",
      stage: "settled",
    },
    {
      name: "the address is another one's",
      inputs: { fleet: { ...serving, addressProblem: { reason: "AddressNotUsable", message: "taken" } } },
      programmed: "AddressNotUsable",
      message: "taken",
      stage: "settled",
    },
    {
      name: "the fleet cannot be applied",
      inputs: { fleet: { ...serving, applyProblem: "exceeded quota" } },
      programmed: "NoResources",
      message: "exceeded quota",
      stage: "settled",
    },
    {
      name: "proxies are Ready, but nobody hears of them",
      inputs: { fleet: serving, ...silent },
      programmed: "Pending",
      message: "No proxy is connected",
      stage: "waiting",
    },
    {
      name: "nothing is known at all",
      inputs: { fleet: undefined, ...silent },
      programmed: "Pending",
      message: "Waiting for the proxies to be set up",
      stage: "waiting",
    },
    {
      name: "there is no proxy",
      inputs: { fleet: { ...serving, readyReplicas: 0 }, ...silent },
      programmed: "Pending",
      message: "No proxy is connected",
      stage: "noProxies",
    },
    {
      name: "a proxy runs an older version",
      inputs: { fleet: serving, dataPlane: acknowledging(["http-80", "v0"]) },
      programmed: "Pending",
      message: "Waiting for a proxy to acknowledge the configuration",
      stage: "waiting",
    },
    {
      name: "a proxy refused",
      inputs: {
        fleet: serving,
        dataPlane: { ...acknowledging(["http-80", "v1"]), refusals: new Map([["listener/http-80", "no"]]) },
      },
      programmed: "Invalid",
      message: "A proxy refused listener/http-80: no",
      stage: "settled",
    },
  ])("is not programmed when $name", ({ inputs, programmed, message, stage }) => {
    const status = statusOf(http, inputs, cluster);
    expect(status.conditions[1]).toMatchObject({ type: "Programmed", status: "False", reason: programmed, message });
    expect(status.programming).toBe(stage);
    expect(status.addresses).toEqual(inputs.fleet?.addresses ?? []);
  });

  it("is refused at once for an address that it may not have, whatever its proxies say", () => {
    const object = gateway([listener("http")], { addresses: [address] });
    const status = statusOf([object], { fleet: serving, ...silent }, cluster);
    expect(brief(status.conditions)).toEqual([
      "Accepted=True Accepted",
      "Programmed=False AddressNotUsable",
      "ResolvedRefs=True ResolvedRefs",
    ]);
    expect(status.programming).toBe("settled");
  });

  it("that oversteps tells where it goes on being served", () => {
    const object = gateway([listener("http")], {
      infrastructure: { parametersRef: { group: "", kind: "X", name: "x" } },
    });
    const status = statusOf([object], { fleet: serving }, cluster);
    expect(brief(status.conditions)).toEqual([
      "Accepted=False InvalidParameters",
      "Programmed=False Invalid",
      "ResolvedRefs=True ResolvedRefs",
    ]);
    expect(status).toMatchObject({ programming: "settled", addresses: [address] });
    expect(listenerBrief(status)[1]).toBe("Programmed=True Programmed");
  });

  it("tells no more addresses than the API takes", () => {
    const addresses = Array.from({ length: 20 }, (_, index) => ({ type: "IPAddress", value: `192.0.2.${index}` }));
    expect(statusOf(http, { fleet: { ...serving, addresses } }, cluster).addresses).toEqual(addresses.slice(0, 16));
  });

  describe("whose proxies are run by the user", () => {
    const parametersRef = { group: "gatehouse.dev", kind: "GatewayParameters", name: "own", namespace: "infra" };
    const unmanaged = (spec: GatewayParametersSpec = {}) => [
      gatewayClass("shared", { parametersRef }),
      gatewayParameters("infra", "own", { proxies: "Unmanaged", bounds: { addresses: ["192.0.2.0/24"] }, ...spec }),
    ];

    it("tells the addresses of its spec", () => {
      const object = gateway([listener("http")], { addresses: [address] });
      const status = statusOf([...unmanaged(), object], { fleet: undefined }, cluster);
      expect(status.addresses).toEqual([address]);
      expect(brief(status.conditions)[1]).toBe("Programmed=True Programmed");
    });

    it("has no proxies when none is connected, as nobody else counts them", () => {
      const object = gateway([listener("http")], { addresses: [address] });
      expect(statusOf([...unmanaged(), object], { fleet: undefined, ...silent }, cluster).programming).toBe(
        "noProxies",
      );
    });

    it("says what to do when it has none", () => {
      const status = statusOf([...unmanaged(), ...http], { fleet: undefined }, cluster);
      expect(brief(status.conditions)[1]).toBe("Programmed=False AddressNotAssigned");
      expect(status.conditions[1]?.message).toContain("spec.addresses");
    });

    it("tells those of the Service that its class names", () => {
      const addressService = { namespace: "infra", name: "edge" };
      const objects = [...unmanaged({ addressService }), ...http];
      const status = statusOf(objects, { fleet: serving }, cluster);
      expect(status.addresses).toEqual([address]);
      expect(brief(status.conditions)[1]).toBe("Programmed=True Programmed");
      expect(statusOf(objects, { fleet: undefined }, cluster).programming).toBe("waiting");
    });
  });
});
