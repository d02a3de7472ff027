import { describe, expect, it } from "vitest";
import { gateway, gatewayClass, gatewayParameters, listener, listenerSet } from "../../test/support/gateway-objects.ts";
import { createGatewayWorld } from "../../test/support/gateway-world.ts";
import type { ParameterBounds } from "../core/gateway-parameters.ts";
import { beyondBounds } from "./listener-limits.ts";

const http = { port: 80, protocol: "HTTP", hostname: "shop.example.com" };

describe("what a class has against a listener", () => {
  it.each<{ name: string; of: Partial<typeof http>; bounds: ParameterBounds; want: readonly string[] }>([
    { name: "nothing without bounds", of: {}, bounds: {}, want: [] },
    { name: "not a port within a range", of: {}, bounds: { ports: [{ from: 80, to: 80 }] }, want: [] },
    {
      name: "a port outside all ranges",
      of: { port: 81 },
      bounds: {
        ports: [
          { from: 80, to: 80 },
          { from: 8000, to: 8999 },
        ],
      },
      want: ["PortUnavailable: spec.listeners[0].port is 81, the class allows only 80, 8000 to 8999"],
    },
    {
      name: "a protocol",
      of: {},
      bounds: { protocols: ["HTTPS", "TLS"] },
      want: ["UnsupportedProtocol: spec.listeners[0].protocol is HTTP, the class allows only HTTPS, TLS"],
    },
    { name: "not a hostname below a wildcard", of: {}, bounds: { hostnames: ["*.example.com"] }, want: [] },
    {
      name: "a wildcard within a wildcard is fine",
      of: { hostname: "*.a.example.com" },
      bounds: { hostnames: ["*.example.com"] },
      want: [],
    },
    {
      name: "a wildcard that is wider",
      of: { hostname: "*.com" },
      bounds: { hostnames: ["*.example.com"] },
      want: ["UnsupportedValue: spec.listeners[0].hostname is *.com, the class allows only *.example.com"],
    },
    {
      name: "the domain itself, which is not below it",
      of: { hostname: "example.com" },
      bounds: { hostnames: ["*.example.com", "a.test"] },
      want: [
        "UnsupportedValue: spec.listeners[0].hostname is example.com, the class allows only *.example.com, a.test",
      ],
    },
    {
      name: "no hostname, which is every one",
      of: { hostname: "" },
      bounds: { hostnames: ["*.example.com"] },
      want: ["UnsupportedValue: spec.listeners[0].hostname is every host, the class allows only *.example.com"],
    },
  ])("$name", ({ of, bounds, want }) => {
    const found = beyondBounds({ ...http, ...of }, "spec.listeners[0]", bounds);
    expect(found.map(({ reason, message }) => `${reason}: ${message}`)).toEqual(want);
    expect(new Set(found.map(({ condition }) => condition))).toEqual(new Set(want.length === 0 ? [] : ["Accepted"]));
  });
});

describe("a Gateway of a class with bounds", () => {
  const parametersRef = { group: "gatehouse.dev", kind: "GatewayParameters", name: "limits", namespace: "infra" };
  const objects = [
    gatewayClass("shared", { parametersRef }),
    gatewayParameters("infra", "limits", { bounds: { ports: [{ from: 80, to: 80 }] } }),
  ];
  const open = { allowedListeners: { namespaces: { from: "All" } } } as const;

  it("is refused for a listener of its own, and served with the others", () => {
    const world = createGatewayWorld();
    world.apply(...objects, gateway([listener("http"), listener("more", { port: 8080 })]));
    const node = world.nodes.get("infra/shared-gateway");
    expect(node?.rejection).toEqual({
      condition: "Accepted",
      reason: "InvalidParameters",
      message: "spec.listeners[1].port is 8080, the class allows only 80",
    });
    expect(node?.listeners.map(({ served }) => served)).toEqual([true, false]);
    expect([...world.envoyListeners.entries()].map(([key]) => key)).toEqual(["infra/shared-gateway|http-80"]);
  });

  it("has nothing to do with a listener of a ListenerSet", () => {
    const world = createGatewayWorld();
    const own = [listener("a", { hostname: "a.test" }), listener("more", { port: 8080 })];
    world.apply(...objects, gateway([listener("http")], open), listenerSet("team", "set", own));
    const node = world.nodes.get("infra/shared-gateway");
    expect(node?.rejection).toBeUndefined();
    expect(node?.listeners.map(({ served }) => served)).toEqual([true, true, false]);
    expect(node?.listeners[2]?.rejections).toEqual([
      {
        condition: "Accepted",
        reason: "PortUnavailable",
        message: "spec.listeners[1].port is 8080, the class allows only 80",
      },
    ]);
    expect(node?.listenerSets[0]?.rejection).toBeUndefined();
  });

  it("lets a listener that is out of bounds take nobody's place", () => {
    const world = createGatewayWorld();
    const bounds = { hostnames: ["*.example.com"] };
    const limits = gatewayParameters("infra", "limits", { bounds });
    const taken = listener("greedy", { hostname: "a.test" });
    const later = listenerSet("team", "set", [listener("fine", { hostname: "a.example.com" })]);
    world.apply(...objects, limits, gateway([taken], open), later);
    const served = world.nodes.get("infra/shared-gateway")?.listeners.map(({ name, served }) => [name, served]);
    expect(served).toEqual([
      ["greedy", false],
      ["fine", true],
    ]);
  });
});
