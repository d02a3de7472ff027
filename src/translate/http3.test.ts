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
  tlsSecret,
} from "../../test/support/gateway-objects.ts";
import { createGatewayWorld, standalone, type WorldObject } from "../../test/support/gateway-world.ts";
import type { DataPlaneState } from "../core/data-plane.ts";
import type { ListenerSpec } from "../core/gateway-api.ts";
import type { GatewayParametersSpec } from "../core/gateway-parameters.ts";
import { namespacedName } from "../core/keys.ts";
import { buildFleetSpec } from "./fleet.ts";
import { gatewayStatus } from "./gateway-report.ts";

let certificate: IssuedCertificate;

beforeAll(async () => {
  certificate = await issueCertificate(await createCertificateAuthority(), { names: ["a.example.com"] });
});

const parametersRef = { group: "gatehouse.dev", kind: "GatewayParameters", name: "own" };
const http3: GatewayParametersSpec = { listeners: [{ port: 443, http3: true }] };
const https = httpsListener("https", "certificate");

/** Parameters of the class, or of the Gateway itself. */
function nodeOf(from: "class" | "gateway", listeners: readonly ListenerSpec[]) {
  const world = createGatewayWorld();
  const secret = tlsSecret("infra", "certificate", certificate);
  const ofClass = { parametersRef: { ...parametersRef, namespace: "infra" } };
  const objects: readonly WorldObject[] = [
    gatewayClass("shared", from === "class" ? ofClass : {}),
    gateway(listeners, from === "gateway" ? { infrastructure: { parametersRef } } : {}),
  ];
  world.apply(secret, gatewayParameters("infra", "own", http3), ...objects);
  const node = world.nodes.get(namespacedName("infra", "shared-gateway"));
  if (node === undefined) throw new Error("no node");
  return { node, world };
}

describe("HTTP/3 on a port", () => {
  it.each(["class", "gateway"] as const)("of the %s is one more listener, and a UDP port of the fleet", (from) => {
    const { node, world } = nodeOf(from, [https, listener("http")]);
    expect(node.rejection).toBeUndefined();
    const listeners = [...world.envoyListeners.entries()].map(([, { name, http3 }]) => [name, http3]);
    expect(listeners).toEqual([
      ["http-80", undefined],
      ["https-443", true],
    ]);
    const [output] = [...buildFleetSpec(standalone)({ get: () => undefined }, node.key, node)];
    expect(output?.[1].ports.map(({ name, protocol }) => `${name}/${protocol}`)).toEqual([
      "http-80/TCP",
      "https-443/TCP",
      "http3-443/UDP",
    ]);
  });

  it("that only the class asks for is left out where it cannot be had, and nobody is refused", () => {
    const { node, world } = nodeOf("class", [listener("plain", { port: 443 })]);
    expect(node.rejection).toBeUndefined();
    expect([...world.envoyListeners.entries()].map(([, { http3 }]) => http3)).toEqual([undefined]);
    expect(nodeOf("gateway", [listener("plain", { port: 443 })]).node.rejection).toMatchObject({
      reason: "InvalidParameters",
      message: "spec.listeners[443].http3 cannot be had: no listener on port 443 is of protocol HTTPS",
    });
  });

  it("of a port without any listener means nothing", () => {
    expect(nodeOf("gateway", [listener("http")]).node.rejection).toBeUndefined();
  });
});

describe("a listener that is served twice", () => {
  const told = (state: Partial<DataPlaneState>) => {
    const { node } = nodeOf("gateway", [https]);
    const dataPlane: DataPlaneState = {
      proxies: 1,
      readyProxies: 1,
      listeners: new Map(),
      refusals: new Map(),
      ...state,
    };
    const status = gatewayStatus({
      node,
      attachedRoutes: () => 0,
      dataPlane,
      placement: standalone,
      fleet: undefined,
      listenerVersions: () => "v1",
    });
    const conditions = status.kind === "Gateway" ? status.listeners.flatMap(({ conditions }) => conditions) : [];
    return conditions.find(({ type }) => type === "Programmed");
  };

  it("is programmed once both are acknowledged", () => {
    const first = new Map([["https-443", ["v1"]]]);
    expect(told({ listeners: first })).toMatchObject({ status: "False", reason: "Pending" });
    const both = new Map([...first, ["http3-443", ["v1"]] as const]);
    expect(told({ listeners: both })).toMatchObject({ status: "True" });
  });

  it("tells when proxies refuse the second", () => {
    const listeners = new Map([["https-443", ["v1"]]]);
    const refusals = new Map([["listener/http3-443", "no QUIC here"]]);
    expect(told({ listeners, refusals })).toMatchObject({
      status: "False",
      reason: "Invalid",
      message: "A proxy refused listener/http3-443: no QUIC here",
    });
  });
});
