import { beforeEach, describe, expect, it } from "vitest";
import { decodeResource } from "../../src/app/decode-resource.ts";
import { explainRoute } from "../../src/app/explain.ts";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import { decide } from "../../src/translate/decide/decide.ts";
import { foundation, QuarantineWorld, route, shared } from "./quarantine-world.ts";

const cart = "{ name: cart, port: 80 }";
const web = objectKey("HTTPRoute", namespacedName("shop", "web"));
const other = objectKey("HTTPRoute", namespacedName("shop", "other"));
const bad = "httproute/shop/web/rule/1";
let world: QuarantineWorld;

beforeEach(() => {
  world = new QuarantineWorld();
  world.apply(foundation + route("web", { "/": cart, "/bad": cart }) + route("other", { "/other": cart }));
});

interface ShownRoute {
  readonly name: string;
  readonly match: { readonly prefix?: string; readonly path_separated_prefix?: string };
  readonly direct_response?: { readonly status: number };
  readonly route?: { readonly cluster: string };
}

/** What is printed, as `path what`. */
function printed(): readonly string[] {
  const shown = decodeResource(world.resource("route", "http-80")) as {
    readonly virtual_hosts: readonly { readonly name: string; readonly routes?: readonly ShownRoute[] }[];
  };
  const routes = shown.virtual_hosts.find(({ name }) => name === "shop.example.com")?.routes ?? [];
  return routes.map(({ match, direct_response, route: to }) => {
    const path = match.path_separated_prefix ?? match.prefix ?? "?";
    return `${path} ${direct_response?.status ?? to?.cluster}`;
  });
}

function answer(path: string) {
  const question = { port: 80, scheme: "http", method: "GET", host: "shop.example.com", path, headers: [] } as const;
  return decide(world.translator.routing, question as never).gateways[0]?.answer;
}

const asWritten = ["/other shop/cart/80", "/bad shop/cart/80", "/ shop/cart/80"];

describe("a rule that proxies refuse", () => {
  it("answers 500 for its own matches, and all else stays as it is", () => {
    expect(printed()).toEqual(asWritten);
    world.refuse(world.rule(bad));
    expect(printed()).toEqual(["/other shop/cart/80", "/bad 500", "/ shop/cart/80"]);
    expect([...(world.resource("route", "http-80").clusters?.() ?? [])]).toEqual(["shop/cart/80"]);
  });

  it("is dropped when its 500 is refused too", () => {
    world.refuse(world.rule(bad));
    world.refuse(world.rule(bad));
    expect(printed()).toEqual(["/other shop/cart/80", "/ shop/cart/80"]);
    expect(world.told(web)).toContain("PartiallyInvalid True UnsupportedValue Dropped Rule 1: proxies refuse it");
  });

  it("costs its route only one print", () => {
    const before = new Map(world.translator.graph.runs);
    world.refuse(world.rule(bad));
    const runs = [...world.translator.graph.runs]
      .map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const)
      .filter(([, count]) => count > 0);
    expect(Object.fromEntries(runs)).toEqual({
      refusedAuthorities: 1,
      refusedCertificates: 1,
      refusedClusters: 1,
      refusedRules: 1,
      routeStatuses: 1,
      shadows: 1,
      sharedTables: 1,
      tableRoutes: 1,
      virtualHosts: 1,
      clusterNodes: 1,
      hostScopes: 1,
      hostTables: 1,
      wantedTableModes: 1,
    });
  });

  it("gets another try with another generation, and leaves nothing behind", () => {
    world.refuse(world.rule(bad));
    expect(world.keeper.all).toHaveLength(1);
    world.apply(route("web", { "/": cart, "/bad": "{ name: pay, port: 80 }" }));
    expect(printed()).toEqual(["/other shop/cart/80", "/bad shop/pay/80", "/ shop/cart/80"]);
    expect(world.told(web)).toEqual(["Accepted True Accepted", "ResolvedRefs True ResolvedRefs"]);
    world.keeper.lead(true);
    expect(world.keeper.all).toEqual([]);
  });

  it("gets another try also when it is written as it was", () => {
    world.refuse(world.rule(bad));
    world.apply(route("web", { "/": cart, "/bad": cart }));
    expect(printed()).toEqual(asWritten);
  });

  it("is not touched by what was refused of another form or generation", () => {
    const [late, foreign] = [world.rule(bad), world.rule(bad)];
    world.apply(route("web", { "/": cart, "/bad": "{ name: pay, port: 80 }" }));
    world.refuse(late);
    expect(world.keeper.all).toEqual([]);
    expect(world.warnings).toEqual(["a proxy has refused what is no object's, or is another by now"]);
    world.refuse({ ...foreign, part: { id: bad, hashes: ["0123456789abcdef"] } });
    expect(printed()).toEqual(["/other shop/cart/80", "/bad shop/pay/80", "/ shop/cart/80"]);
  });

  it("is refused for the Gateway whose proxies say so, and for no other", () => {
    const more = foundation.slice(foundation.indexOf("---"), foundation.indexOf("---\napiVersion: v1"));
    world.apply(more.replace("name: shared", "name: second"));
    const both = route("web", { "/": cart, "/bad": cart }).replace(
      "parentRefs: [",
      "parentRefs: [{ name: second, namespace: infra }, ",
    );
    const { resources } = world.apply(both);
    const second = resources.get(namespacedName("infra", "second"))?.find(({ type }) => type === "route")?.resource;
    const after = world.refuse(world.rule(bad));
    expect(printed()).toContain("/bad 500");
    expect(second).toBeDefined();
    expect(after.resources.has(namespacedName("infra", "second"))).toBe(false);
    const status = world.statuses.get(web);
    const parents = status?.kind === "Route" ? status.parents : [];
    expect(parents.map(({ parentRef, conditions }) => [parentRef.name, conditions.length])).toEqual([
      ["second", 2],
      ["shared", 4],
    ]);
  });
});

describe("the owner of a refused rule", () => {
  it("is told, in Envoy's words, and nobody else is", () => {
    const before = world.statuses.get(other);
    const { statuses } = world.refuse(world.rule(bad, "http-80", "regex \u0007is\ntoo large"));
    expect(world.told(web)).toEqual([
      "Accepted True Accepted",
      "ResolvedRefs True ResolvedRefs",
      "PartiallyInvalid True UnsupportedValue Dropped Rule 1, which answers 500: proxies refuse it",
      "gatehouse.dev/Programmed False RefusedByProxy Rule 1: regex is too large",
    ]);
    expect([...statuses.keys()]).toEqual([web]);
    expect(world.statuses.get(other)).toBe(before);
  });

  it("is told no more than 1 KiB of them", () => {
    world.refuse(world.rule(bad, "http-80", "x".repeat(5_000)));
    expect(world.told(web).at(-1)?.length).toBeLessThan(1_200);
  });
});

describe("explanations of a refused rule", () => {
  it("say what is answered, and why", () => {
    expect(answer("/bad/1")).toMatchObject({ kind: "forward" });
    world.refuse(world.rule(bad));
    expect(answer("/bad/1")).toMatchObject({ kind: "error", status: 500, message: "proxies refuse it: Envoy says no" });
    expect(answer("/")).toMatchObject({ kind: "forward" });
    const { rules } = explainRoute(world.translator.routing, objectKey("HTTPRoute", namespacedName("shop", "web")));
    expect(rules.map(({ kind, message }) => [kind, message])).toEqual([
      ["forward", undefined],
      ["error", "proxies refuse it: Envoy says no"],
    ]);
  });

  it("say where its requests go when it is dropped", () => {
    world.refuse(world.rule(bad));
    world.refuse(world.rule(bad));
    expect(answer("/bad/1")).toMatchObject({ kind: "forward" });
    const { gateways } = decide(world.translator.routing, {
      ...{ port: 80, scheme: "http", method: "GET", host: "shop.example.com", path: "/bad/1", headers: [] },
    } as never);
    expect(gateways[0]?.winner).toMatchObject({ rule: 0 });
  });
});

describe("a refused rule that is restored", () => {
  it("is never printed as it was refused, from the first flush on", () => {
    world.refuse(world.rule(bad));
    const next = new QuarantineWorld({ kept: world.keeper.all });
    const { resources } = next.apply(foundation + route("web", { "/": cart, "/bad": cart }));
    const table = resources.get(shared)?.find(({ type }) => type === "route");
    expect(JSON.stringify(decodeResource(table?.resource as never))).toContain('"status":500');
  });
});
