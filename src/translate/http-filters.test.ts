import { describe, expect, it } from "vitest";
import { createRouteWorld, serviceManifest } from "../../test/support/route-world.ts";
import type { Reader } from "../collection/collection.ts";
import type { HttpRequestMirror, HttpRouteFilter } from "../core/gateway-api.ts";
import { readFilters } from "./http-filters.ts";

const read: Reader = { get: (from, key) => from.get(key) };
const from = { group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "shop" } as const;
const world = createRouteWorld();
world.apply(serviceManifest("shop", "shadow") + serviceManifest("infra", "closed"));

function readAll(...filters: readonly HttpRouteFilter[]) {
  return readFilters(read, world.backends, from, filters);
}

function mirror(name: string, share: Omit<HttpRequestMirror, "backendRef"> = {}, namespace?: string): HttpRouteFilter {
  const ref = { group: "", kind: "Service", name, port: 80, ...(namespace === undefined ? {} : { namespace }) };
  return { type: "RequestMirror", requestMirror: { backendRef: ref, ...share } };
}

describe("the filters of a rule", () => {
  it("are sorted by what they do", () => {
    const modifier = { set: [{ name: "x", value: "y" }] };
    const { filters, broken, unresolved } = readAll(
      { type: "RequestHeaderModifier", requestHeaderModifier: modifier },
      { type: "ResponseHeaderModifier", responseHeaderModifier: { remove: ["z"] } },
      { type: "URLRewrite", urlRewrite: { hostname: "inside.example.com" } },
      { type: "CORS", cors: { maxAge: 5 } },
    );
    expect(filters).toEqual({
      requestHeaders: modifier,
      responseHeaders: { remove: ["z"] },
      rewrite: { hostname: "inside.example.com" },
      cors: { maxAge: 5 },
      mirrors: [],
    });
    expect([broken, unresolved]).toEqual([undefined, []]);
  });

  it("set and add the first of several values for one header, however it is spelled", () => {
    const twice = (name: string) => [
      { name: name.toUpperCase(), value: "first" },
      { name: "other", value: "kept" },
      { name, value: "second" },
    ];
    const once = (name: string) => twice(name).slice(0, 2);
    const { filters } = readAll(
      { type: "RequestHeaderModifier", requestHeaderModifier: { set: twice("a"), add: twice("b"), remove: ["c"] } },
      { type: "ResponseHeaderModifier", responseHeaderModifier: { add: twice("d") } },
    );
    expect(filters.requestHeaders).toEqual({ set: once("a"), add: once("b"), remove: ["c"] });
    expect(filters.responseHeaders).toEqual({ add: once("d") });
  });

  it("mirror all requests, a percentage, or a fraction, as often as they stand there", () => {
    const { filters } = readAll(
      mirror("shadow"),
      mirror("shadow", { percent: 0 }),
      mirror("shadow", { fraction: { numerator: 1, denominator: 3 } }),
    );
    expect(filters.mirrors.map(({ cluster, numerator, denominator }) => [cluster, numerator, denominator])).toEqual(
      [
        ["shadow", 100, 100],
        ["shadow", 0, 100],
        ["shadow", 1, 3],
      ].map(([, numerator, denominator]) => ["shop/shadow/80", numerator, denominator]),
    );
  });

  it("leave out a mirror that cannot be resolved, and break nothing", () => {
    const { filters, broken, unresolved } = readAll(mirror("missing"), mirror("closed", {}, "infra"), mirror("shadow"));
    expect(filters.mirrors).toHaveLength(1);
    expect(broken).toBeUndefined();
    expect(unresolved.map(({ reason }) => reason)).toEqual(["BackendNotFound", "RefNotPermitted"]);
  });

  it("break with an extension that nobody knows", () => {
    const extensionRef = { group: "example.com", kind: "Auth", name: "login" };
    const { broken, unresolved } = readAll({ type: "ExtensionRef", extensionRef });
    expect(broken).toMatchObject({ condition: "ResolvedRefs", reason: "InvalidKind" });
    expect(unresolved).toEqual([broken]);
  });

  it("break with what a proxy would refuse, and say so as the route's own fault", () => {
    const requestHeaderModifier = { set: [{ name: "x", value: "a\r\nb" }] };
    const { broken, unresolved } = readAll({ type: "RequestHeaderModifier", requestHeaderModifier });
    expect(broken).toMatchObject({ condition: "PartiallyInvalid", reason: "UnsupportedValue" });
    expect(unresolved).toEqual([]);
  });
});
