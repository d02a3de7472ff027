import { describe, expect, it } from "vitest";
import { gatewayClass } from "../../test/support/gateway-objects.ts";
import type { Reader } from "../collection/collection.ts";
import type { GatewayClass } from "../core/gateway-api.ts";
import { buildGatewayClass, type GatewayClassNode } from "./gateway-class.ts";
import { gatewayClassStatus } from "./gateway-class-report.ts";

const read: Reader = { get: () => undefined };
const build = buildGatewayClass({ controllerName: "example.com/gatehouse" });

function nodeOf(object: GatewayClass): GatewayClassNode {
  const [output] = [...build(read, object.metadata.name, object)];
  if (output === undefined) throw new Error("no node");
  return output[1];
}

describe("buildGatewayClass", () => {
  it("takes a class that names our controller", () => {
    expect([...build(read, "shared", gatewayClass())]).toEqual([
      ["shared", { key: "GatewayClass/shared", generation: 1 }],
    ]);
  });

  it.each(["example.com/other", "example.com/gatehouse/2", "Example.com/gatehouse"])(
    "leaves a class of %s alone",
    (controllerName) => {
      expect([...build(read, "shared", gatewayClass("shared", { controllerName }))]).toEqual([]);
    },
  );
});

describe("gatewayClassStatus", () => {
  it("accepts a class and tells its features in order, each once", () => {
    const status = gatewayClassStatus(nodeOf(gatewayClass()), ["HTTPRoute", "Gateway", "HTTPRoute"]);
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

  it("refuses parameters, because no kind of them is known", () => {
    const parametersRef = { group: "", kind: "ConfigMap", name: "settings", namespace: "infra" };
    expect(gatewayClassStatus(nodeOf(gatewayClass("shared", { parametersRef })), [])).toMatchObject({
      conditions: [{ type: "Accepted", status: "False", reason: "InvalidParameters" }, { type: "SupportedVersion" }],
    });
  });
});
