import { describe, expect, it } from "vitest";
import { gatewayClass, gatewayParameters } from "../../test/support/gateway-objects.ts";
import { Graph } from "../collection/graph.ts";
import type { ClusterFacts } from "../core/fleet.ts";
import type { GatewayClass } from "../core/gateway-api.ts";
import type { GatewayParameters, GatewayParametersSpec } from "../core/gateway-parameters.ts";
import { nameOf } from "../core/keys.ts";
import { buildGatewayClass, type GatewayClassNode } from "./gateway-class.ts";
import { gatewayClassStatus } from "./gateway-class-report.ts";
import { supportedFeatures } from "./supported-features.ts";

function nodesOf(object: GatewayClass, parameters: readonly GatewayParameters[] = []): readonly GatewayClassNode[] {
  const graph = new Graph();
  const objects = graph.source<GatewayClass>("GatewayClass");
  const found = graph.source<GatewayParameters>("GatewayParameters");
  const nodes = graph.derive("classes", objects, buildGatewayClass({ controllerName: "example.com/gatehouse" }, found));
  objects.set(object.metadata.name, object);
  for (const each of parameters) found.set(nameOf(each.metadata), each);
  graph.flush();
  return [...nodes.entries()].map(([, node]) => node);
}

const ref = { group: "gatehouse.dev", kind: "GatewayParameters", name: "settings", namespace: "infra" };

function nodeWith(parametersRef: GatewayClass["spec"]["parametersRef"], spec?: GatewayParametersSpec) {
  const object = gatewayClass("shared", parametersRef === undefined ? {} : { parametersRef });
  const [node] = nodesOf(object, spec === undefined ? [] : [gatewayParameters("infra", "settings", spec)]);
  if (node === undefined) throw new Error("no node");
  return node;
}

const inputs = { supportedFeatures: ["HTTPRoute", "Gateway", "HTTPRoute"], cluster: undefined };

describe("buildGatewayClass", () => {
  it("takes a class that names our controller", () => {
    expect(nodesOf(gatewayClass())).toEqual([{ key: "GatewayClass/shared", generation: 1 }]);
  });

  it.each(["example.com/other", "example.com/gatehouse/2", "Example.com/gatehouse"])(
    "leaves a class of %s alone",
    (controllerName) => {
      expect(nodesOf(gatewayClass("shared", { controllerName }))).toEqual([]);
    },
  );

  it("has the parameters that it refers to", () => {
    const node = nodeWith(ref, { replicas: 3 });
    expect(node).toMatchObject({ parameters: { replicas: 3 } });
    expect(node.rejection).toBeUndefined();
  });

  it.each([
    { name: "another kind", refers: { ...ref, group: "", kind: "ConfigMap" }, message: "names a ConfigMap: only" },
    { name: "another group", refers: { ...ref, group: "example.com" }, message: "GatewayParameters.example.com" },
    { name: "no namespace", refers: { group: ref.group, kind: ref.kind, name: "settings" }, message: "no namespace" },
    { name: "nothing", refers: { ...ref, name: "absent" }, message: "GatewayParameters infra/absent does not exist" },
  ])("is refused when its parametersRef names $name", ({ refers, message }) => {
    const node = nodeWith(refers, { replicas: 3 });
    expect(node.rejection?.reason).toBe("InvalidParameters");
    expect(node.rejection?.message).toContain(message);
    expect(node.parameters).toBeUndefined();
  });

  it("is refused for parameters that proxies could not be told, and keeps the rest of them", () => {
    const accessLog = { format: "Text", text: "%NONSENSE%" } as const;
    const node = nodeWith(ref, { replicas: 3, accessLog, bounds: { addresses: ["10.0.0.0/33"] } });
    expect(node.rejection?.reason).toBe("InvalidParameters");
    expect(node.rejection?.message).toContain("GatewayParameters infra/settings: spec.accessLog.text: %NONSENSE%");
    expect(node.rejection?.message).toContain("spec.bounds.addresses has 10.0.0.0/33");
    expect(node.parameters).toEqual({ replicas: 3, bounds: { addresses: ["10.0.0.0/33"] } });
  });
});

describe("gatewayClassStatus", () => {
  it("accepts a class and tells its features in order, each once", () => {
    const status = gatewayClassStatus(nodeWith(undefined), inputs);
    expect(status).toMatchObject({
      kind: "GatewayClass",
      object: "GatewayClass/shared",
      supportedFeatures: ["Gateway", "HTTPRoute"],
    });
    expect(status).toMatchObject({
      conditions: [
        { type: "Accepted", status: "True", reason: "Accepted", observedGeneration: 1 },
        { type: "SupportedVersion", status: "True", reason: "SupportedVersion", observedGeneration: 1 },
      ],
    });
  });

  it("tells why a class is refused", () => {
    expect(gatewayClassStatus(nodeWith(ref), inputs)).toMatchObject({
      conditions: [{ type: "Accepted", status: "False", reason: "InvalidParameters" }, { type: "SupportedVersion" }],
    });
  });

  it.each<[ClusterFacts, string]>([
    [{ bundleVersion: "v1.4.0" }, "True SupportedVersion"],
    [{ bundleVersion: "v1.7.0", channel: "experimental" }, "True SupportedVersion"],
    [{ bundleVersion: "v1.7.0-rc.1" }, "True SupportedVersion"],
    [{ bundleVersion: "v1.3.0" }, "False UnsupportedVersion"],
    [{ bundleVersion: "v1.8.0" }, "False UnsupportedVersion"],
    [{ bundleVersion: "v1.70.0" }, "False UnsupportedVersion"],
    [{ bundleVersion: "v2.5.0" }, "False UnsupportedVersion"],
    [{ bundleVersion: "dev" }, "False UnsupportedVersion"],
    [{}, "False UnsupportedVersion"],
  ])("says of CRDs of %j that SupportedVersion is %s", (cluster, want) => {
    const status = gatewayClassStatus(nodeWith(undefined), { ...inputs, cluster });
    if (status.kind !== "GatewayClass") throw new Error("no status of a class");
    const version = status.conditions.find(({ type }) => type === "SupportedVersion");
    expect(`${version?.status} ${version?.reason}`).toBe(want);
    expect(status.conditions[0]).toMatchObject({ type: "Accepted", status: "True" });
  });
});

describe("the features", () => {
  it("of a cluster are those of everywhere and what Services make possible, in order", () => {
    const [here, there] = [supportedFeatures({ kind: "standalone" }), supportedFeatures({ kind: "cluster" })];
    expect(there.filter((feature) => !here.includes(feature))).toEqual([
      "GatewayAddressEmpty",
      "GatewayInfrastructure",
      "GatewayStaticAddresses",
    ]);
    expect(here.filter((feature) => !there.includes(feature))).toEqual([]);
    for (const features of [here, there]) expect(features).toEqual([...new Set(features)].sort());
  });
});
