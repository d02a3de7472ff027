import { expect, it } from "vitest";
import {
  createRouteWorld,
  gatewayManifest,
  httpListener,
  routeManifest,
  serviceManifest,
} from "../../test/support/route-world.ts";

const all = "allowedRoutes: { namespaces: { from: All } }";

function tables(listeners: readonly string[], spec: string) {
  const world = createRouteWorld();
  const services = ["cart", "canary", "shadow"].map((name) => serviceManifest("shop", name)).join("");
  world.apply(gatewayManifest("edge", listeners.join(", ")) + services + routeManifest("cart", spec));
  return [...world.tableRoutes.entries()].map(([, routes]) => routes);
}

it("prints a route once for each table, whatever the number of its hosts", () => {
  const more = `{ name: more, port: 8080, protocol: HTTP, ${all} }`;
  const found = tables([httpListener("http"), more], "hostnames: [a.com, b.com]");
  expect(found.map(({ table, hosts, entries }) => [table, hosts.length, entries.length])).toEqual([
    ["http-80", 2, 1],
    ["http-8080", 2, 1],
  ]);
});

it("places a route at a host by the most specific hostname that led there, and only once", () => {
  const listener = httpListener("http", `hostname: a.example.com, ${all}`);
  const found = tables([listener], 'hostnames: ["*.com", "*.example.com"]');
  expect(found.map(({ hosts }) => hosts)).toEqual([[{ hostname: "a.example.com", written: "*.example.com" }]]);
});

it("leaves out listeners that are not served", () => {
  const https = `{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: missing }] }, ${all} }`;
  expect(tables([https], "hostnames: []")).toEqual([]);
});

it("leaves out a table in which other listeners hold all of its hosts", () => {
  const listeners = [
    httpListener("any"),
    httpListener("narrow", "hostname: a.com, allowedRoutes: { namespaces: { from: Same } }"),
  ];
  expect(tables(listeners, "hostnames: [a.com]")).toEqual([]);
});

it("needs the clusters of all backends and mirrors, each once, and none for a rule that answers 500", () => {
  const mirror = "{ type: RequestMirror, requestMirror: { backendRef: { name: shadow, port: 80 } } }";
  const broken = "filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { remove: [Host] } }]";
  const rules = [
    `{ filters: [${mirror}], backendRefs: [{ name: cart, port: 80 }, { name: cart, port: 80 }] }`,
    `{ matches: [{ path: { value: /w } }], backendRefs: [{ name: canary, port: 80, weight: 0, filters: [${mirror}] }] }`,
  ];
  const found = tables([httpListener("http")], `rules: [${rules.join(", ")}]`);
  expect(found.map(({ clusters }) => clusters)).toEqual([["shop/canary/80", "shop/cart/80", "shop/shadow/80"]]);
  const none = tables([httpListener("http")], `rules: [{ ${broken}, backendRefs: [{ name: cart, port: 80 }] }, {}]`);
  expect(none.map(({ clusters }) => clusters)).toEqual([[]]);
});
