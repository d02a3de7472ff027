import { describe, expect, it } from "vitest";
import {
  createRouteWorld,
  gatewayManifest,
  httpListener,
  routeManifest,
  serviceManifest,
} from "../../test/support/route-world.ts";

const good = "backendRefs: [{ name: cart, port: 80 }]";
const match = (path: string, type = "PathPrefix") => `matches: [{ path: { type: ${type}, value: "${path}" } }]`;
const badMatch = match("/(", "RegularExpression");
const badFilter = "filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { remove: [Host] } }]";
const extension = "filters: [{ type: ExtensionRef, extensionRef: { group: example.com, kind: Auth, name: login } }]";

function bound(...rules: readonly string[]) {
  const world = createRouteWorld();
  world.apply(
    gatewayManifest("edge", httpListener("http")) +
      serviceManifest("shop", "cart") +
      routeManifest("cart", `rules: [${rules.map((rule) => `{ ${rule} }`).join(", ")}]`),
  );
  return world.route("shop/cart");
}

describe("a rule", () => {
  it("keeps its place, name, limits and retries", () => {
    const limits = "timeouts: { request: 2s, backendRequest: 1s }, retry: { attempts: 2, codes: [503], backoff: 50ms }";
    const { rules } = bound(good, `name: pay, ${match("/pay")}, ${limits}, ${good}`);
    expect(rules).toMatchObject([
      { index: 0, requestTimeoutMs: 0, backendTimeoutMs: 0 },
      {
        index: 1,
        name: "pay",
        requestTimeoutMs: 2000,
        backendTimeoutMs: 1000,
        retry: { attempts: 2, codes: [503], backoffMs: 50 },
      },
    ]);
    expect(rules[0]?.retry).toBeUndefined();
  });

  it("keeps backends of weight zero and invalid ones with their weight", () => {
    const refs = "backendRefs: [{ name: cart, port: 80, weight: 0 }, { name: missing, port: 80, weight: 7 }]";
    expect(bound(refs).rules[0]?.backends).toMatchObject([
      { kind: "cluster", cluster: "shop/cart/80", weight: 0 },
      { kind: "invalid", weight: 7, rejection: { reason: "BackendNotFound" } },
    ]);
  });

  it("whose match no proxy takes is dropped, and the others keep their places", () => {
    const { rules, parents, partiallyInvalid } = bound(`${badMatch}, ${good}`, `${match("/good")}, ${good}`);
    expect(rules.map(({ index }) => index)).toEqual([1]);
    expect(parents[0]?.rejection).toBeUndefined();
    expect(partiallyInvalid).toMatchObject({ condition: "PartiallyInvalid", reason: "UnsupportedValue" });
    expect(partiallyInvalid?.message).toMatch(/^Dropped Rule 0: /);
  });

  it("with one bad match of several is dropped whole", () => {
    const matches = 'matches: [{ path: { value: /fine } }, { path: { type: RegularExpression, value: "/(" } }]';
    expect(bound(`${matches}, ${good}`, good).rules.map(({ index }) => index)).toEqual([1]);
  });

  it("whose filter cannot be applied stays, to answer 500", () => {
    const { rules, partiallyInvalid, unresolved } = bound(`name: bad, ${badFilter}, ${good}`, good);
    expect(rules.map(({ broken }) => broken?.reason)).toEqual(["UnsupportedValue", undefined]);
    expect(partiallyInvalid?.message).toMatch(/^Dropped Rule 0 \(bad\), which answers 500: /);
    expect(unresolved).toBeUndefined();
  });

  it("with a backend whose filter cannot be applied gives that backend nothing", () => {
    const { rules, partiallyInvalid } = bound(`backendRefs: [{ name: cart, port: 80, weight: 3, ${badFilter} }]`);
    expect(rules[0]).toMatchObject({ backends: [{ kind: "invalid", weight: 3 }] });
    expect(rules[0]?.broken).toBeUndefined();
    expect(partiallyInvalid?.message).toMatch(/^Dropped Rule 0 for backend cart, /);
  });
});

describe("a route", () => {
  it("without any rule that can be served is not accepted", () => {
    const { parents, partiallyInvalid } = bound(`${badMatch}, ${good}`, `${badFilter}, ${good}`);
    expect(parents).toMatchObject([
      { rejection: { condition: "Accepted", reason: "UnsupportedValue" }, attachments: [] },
    ]);
    expect(partiallyInvalid).toBeUndefined();
  });

  it("keeps the reason for which a parent refused it before", () => {
    const world = createRouteWorld();
    world.apply(
      gatewayManifest("edge", httpListener("http", "hostname: a.com")) +
        routeManifest("cart", `rules: [{ ${badMatch}, ${good} }]`),
    );
    expect(world.route("shop/cart").parents).toMatchObject([{ rejection: { reason: "NotAllowedByListeners" } }]);
  });

  it("is accepted when all that fails is what it refers to, and tells the first of it", () => {
    const { parents, unresolved, partiallyInvalid } = bound(
      `${match("/a")}, backendRefs: [{ name: cart, port: 80 }, { name: missing, port: 80 }]`,
      `${match("/b")}, backendRefs: [{ name: elsewhere, namespace: infra, port: 80 }]`,
    );
    expect(parents[0]?.rejection).toBeUndefined();
    expect(unresolved).toMatchObject({ condition: "ResolvedRefs", reason: "BackendNotFound" });
    expect(partiallyInvalid).toBeUndefined();
  });

  it("tells a filter's reference before its rule's backends", () => {
    const { unresolved, rules } = bound(`${extension}, backendRefs: [{ name: missing, port: 80 }]`);
    expect(unresolved?.reason).toBe("InvalidKind");
    expect(rules[0]?.broken?.condition).toBe("ResolvedRefs");
  });

  it("none of whose parents is ours is nothing to us", () => {
    const world = createRouteWorld();
    world.apply(routeManifest("cart", "hostnames: []"));
    expect(world.routes.size).toBe(0);
    world.apply(gatewayManifest("edge", httpListener("http")));
    expect(world.routes.size).toBe(1);
  });

  it("follows the Service that it names", () => {
    const world = createRouteWorld();
    world.apply(gatewayManifest("edge", httpListener("http")) + routeManifest("cart", `rules: [{ ${good} }]`));
    expect(world.route("shop/cart").unresolved?.reason).toBe("BackendNotFound");
    world.apply(serviceManifest("shop", "cart"));
    expect(world.route("shop/cart").unresolved).toBeUndefined();
  });
});
