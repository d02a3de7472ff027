import { expect, it } from "vitest";
import { gateway, gatewayClass, httpsListener, listener, listenerSet } from "../../test/support/gateway-objects.ts";
import { createGatewayWorld, type WorldObject } from "../../test/support/gateway-world.ts";
import { tableOf } from "./route-parents.ts";

const allowed = { allowedListeners: { namespaces: { from: "All" } } } as const;

function parentsOf(...objects: readonly WorldObject[]) {
  const world = createGatewayWorld();
  world.apply(gatewayClass(), ...objects);
  return new Map(world.parents.entries());
}

it("a Gateway and its ListenerSets are parents of their own", () => {
  const set = listenerSet("team", "set", [listener("extra", { hostname: "team.example.com" })]);
  const parents = parentsOf(gateway([listener("http")], allowed), set);
  expect([...parents.keys()]).toEqual(["Gateway/infra/shared-gateway", "ListenerSet/team/set"]);
  expect(parents.get("Gateway/infra/shared-gateway")?.listeners.map(({ name }) => name)).toEqual(["http"]);
  expect(parents.get("ListenerSet/team/set")).toMatchObject({
    gateway: "infra/shared-gateway",
    listeners: [
      { key: "ListenerSet/team/set/extra", name: "extra", namespace: "team", served: true, table: "http-80" },
    ],
  });
});

it("a ListenerSet that is not admitted is a parent without listeners", () => {
  const parents = parentsOf(gateway([listener("http")]), listenerSet("team", "set", [listener("extra")]));
  expect(parents.get("ListenerSet/team/set")).toEqual({ gateway: "infra/shared-gateway", listeners: [] });
});

it("siblings are the hostnames of the other listeners of the port, without the losers", () => {
  const parents = parentsOf(
    gateway(
      [
        listener("any"),
        listener("wild", { hostname: "*.example.com" }),
        listener("other-port", { port: 8080, hostname: "b.example.com" }),
        httpsListener("https", "missing", { port: 80, hostname: "c.example.com" }),
      ],
      allowed,
    ),
    listenerSet("team", "set", [
      listener("exact", { hostname: "a.example.com" }),
      listener("twin", { hostname: "*.example.com" }),
    ]),
  );
  const siblings = new Map(
    [...parents.values()].flatMap(({ listeners }) => listeners.map((one) => [one.name, one.siblings])),
  );
  expect(siblings.get("any")).toEqual(["*.example.com", "a.example.com"]);
  expect(siblings.get("wild")).toEqual(["", "a.example.com"]);
  expect(siblings.get("exact")).toEqual(["", "*.example.com"]);
  expect(siblings.get("other-port")).toEqual([]);
});

it("a listener whose certificate is missing keeps its hostname from its siblings", () => {
  const parents = parentsOf(
    gateway([
      httpsListener("exact", "missing", { hostname: "a.example.com" }),
      httpsListener("wild", "missing", { hostname: "*.example.com" }),
    ]),
  );
  const listeners = parents.get("Gateway/infra/shared-gateway")?.listeners;
  expect(listeners?.map(({ siblings, served }) => ({ siblings, served }))).toEqual([
    { siblings: ["*.example.com"], served: false },
    { siblings: ["a.example.com"], served: false },
  ]);
});

it.each([
  { protocol: "HTTP", port: 80, hostname: "a.example.com", want: "http-80" },
  { protocol: "HTTPS", port: 443, hostname: "a.example.com", want: "https-443-a.example.com" },
  { protocol: "HTTPS", port: 443, hostname: "", want: "https-443-*" },
])("$protocol requests for '$hostname' are looked up in $want", ({ want, ...one }) => {
  expect(tableOf(one)).toBe(want);
});
