import { describe, expect, it } from "vitest";
import { createRouteWorld, gatewayManifest, httpListener, routeManifest } from "../../test/support/route-world.ts";
import type { ParentBinding } from "./route-nodes.ts";

const all = "allowedRoutes: { namespaces: { from: All } }";
const forHttps = `tls: { certificateRefs: [{ name: missing }] }, ${all}`;

/** What came of each parentRef: the reason, or `listener hosts…` for each listener. */
function outcome(parents: readonly ParentBinding[]): readonly (string | readonly string[])[] {
  return parents.map(
    ({ rejection, attachments }) =>
      rejection?.reason ??
      attachments.map(({ listener, hosts }) =>
        [listener.split("/").at(-1), ...hosts.map(({ hostname }) => (hostname === "" ? "*" : hostname))].join(" "),
      ),
  );
}

function bind(listeners: readonly string[], spec = "hostnames: []", parents?: string, more = "") {
  const world = createRouteWorld();
  world.apply(gatewayManifest("edge", listeners.join(", ")) + more + routeManifest("cart", spec, parents));
  return outcome(world.route("shop/cart").parents);
}

const to = (more: string) => `{ name: edge, namespace: infra, ${more} }`;

describe("a parentRef", () => {
  const two = [httpListener("one"), httpListener("two", `hostname: two.com, ${all}`)];
  const three = [...two, `{ name: three, port: 8080, protocol: HTTP, ${all} }`];

  it.each([
    ["the whole Gateway", to(""), [["one *", "two two.com", "three *"]]],
    ["a listener", to("sectionName: two"), [["two two.com"]]],
    ["a port", to("port: 80"), [["one *", "two two.com"]]],
    ["a listener on its port", to("sectionName: three, port: 8080"), [["three *"]]],
    ["a listener on another port", to("sectionName: one, port: 8080"), ["NoMatchingParent"]],
    ["a listener that is not there", to("sectionName: four"), ["NoMatchingParent"]],
    ["a port that is not there", to("port: 443"), ["NoMatchingParent"]],
    [
      "two listeners, each by its own",
      `${to("sectionName: three")}, ${to("sectionName: four")}`,
      [["three *"], "NoMatchingParent"],
    ],
  ])("names %s", (_what, parents, expected) => {
    expect(bind(three, undefined, parents)).toEqual(expected);
  });

  it("to something that is not ours is left alone, and keeps no other back", () => {
    const parents = `{ name: unknown, namespace: infra }, { group: "", kind: Service, name: edge }, ${to("port: 80")}`;
    expect(bind(two, undefined, parents)).toEqual([["one *", "two two.com"]]);
  });

  it("means the route's own namespace unless it names one", () => {
    const world = createRouteWorld();
    const parents = `{ name: edge }, ${to("port: 80")}`;
    world.apply(gatewayManifest("edge", httpListener("one")) + routeManifest("cart", "hostnames: []", parents));
    expect(outcome(world.route("shop/cart").parents)).toEqual([["one *"]]);
  });
});

describe("a listener", () => {
  const selector = (match: string) => `allowedRoutes: { namespaces: { from: Selector, selector: { ${match} } } }`;

  it.each([
    ["its own namespace", "allowedRoutes: { namespaces: { from: Same } }", ["NotAllowedByListeners"]],
    ["the default namespaces", "hostname: a.com", ["NotAllowedByListeners"]],
    ["all namespaces", all, [["door *"]]],
    ["the right labels", selector("matchLabels: { team: shop }"), [["door *"]]],
    ["other labels", selector("matchLabels: { team: infra }"), ["NotAllowedByListeners"]],
    [
      "another kind",
      "allowedRoutes: { namespaces: { from: All }, kinds: [{ kind: GRPCRoute }] }",
      ["NotAllowedByListeners"],
    ],
  ])("admits %s", (_what, allowed, expected) => {
    expect(bind([httpListener("door", allowed)])).toEqual(expected);
  });

  it("that admits the route is enough", () => {
    const shut = httpListener("shut", "hostname: shut.com, allowedRoutes: { namespaces: { from: Same } }");
    expect(bind([shut, httpListener("open")])).toEqual([["open *"]]);
  });

  it("without its certificate takes routes, and is not served", () => {
    const world = createRouteWorld();
    const listener = `{ name: https, port: 443, protocol: HTTPS, ${forHttps} }`;
    world.apply(gatewayManifest("edge", listener) + routeManifest("cart", "hostnames: []"));
    const [parent] = world.route("shop/cart").parents;
    expect(parent?.attachments).toMatchObject([{ served: false, scheme: "https", port: 443, table: "https-443-*" }]);
  });

  it("follows the labels of a namespace", () => {
    const world = createRouteWorld();
    const door = httpListener("door", selector('matchLabels: { open: "yes" }'));
    world.apply(gatewayManifest("edge", door) + routeManifest("cart", "hostnames: []"));
    expect(outcome(world.route("shop/cart").parents)).toEqual(["NotAllowedByListeners"]);
    world.apply('apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { open: "yes" } }');
    expect(outcome(world.route("shop/cart").parents)).toEqual([["door *"]]);
  });

  it("that admits all namespaces does not ask for their labels", () => {
    const world = createRouteWorld();
    world.apply(gatewayManifest("edge", httpListener("door", all)) + routeManifest("cart", "hostnames: []"));
    const runs = world.graph.runs.get("httpRoutes");
    world.apply('apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { open: "yes" } }');
    expect(world.graph.runs.get("httpRoutes")).toBe(runs);
  });
});

describe("hostnames", () => {
  const on = (hostname: string) => httpListener("on", `hostname: "${hostname}", ${all}`);

  it.each([
    ["a.example.com", "[a.example.com]", [["on a.example.com"]]],
    ["*.example.com", "[a.example.com, b.c.example.com]", [["on a.example.com b.c.example.com"]]],
    ["a.example.com", '["*.example.com", "*.com"]', [["on a.example.com a.example.com"]]],
    ["*.example.com", '["*.com"]', [["on *.example.com"]]],
    ["*.example.com", "[]", [["on *.example.com"]]],
    ["*.example.com", "[a.example.com, a.example.org]", [["on a.example.com"]]],
    ["*.example.com", "[example.com]", ["NoMatchingListenerHostname"]],
    ["a.example.com", "[b.example.com]", ["NoMatchingListenerHostname"]],
  ])("of a listener for %s and of a route for %s meet", (hostname, hostnames, expected) => {
    expect(bind([on(hostname)], `hostnames: ${hostnames}`)).toEqual(expected);
  });

  it("that a more specific listener of the port holds are not answered by a wider one", () => {
    const listeners = [
      httpListener("any"),
      httpListener("wide", `hostname: "*.example.com", ${all}`),
      httpListener("narrow", `hostname: a.example.com, allowedRoutes: { namespaces: { from: Same } }`),
    ];
    const hostnames = 'hostnames: [a.example.com, b.example.com, "*.example.com", c.com]';
    expect(bind(listeners, hostnames)).toEqual([["any c.com", "wide b.example.com *.example.com"]]);
  });

  it("of a listener of another port take nothing away", () => {
    const elsewhere = `{ name: elsewhere, port: 8080, protocol: HTTP, hostname: a.example.com, ${all} }`;
    const bound = bind([httpListener("any"), elsewhere], "hostnames: [a.example.com]", to("port: 80"));
    expect(bound).toEqual([["any a.example.com"]]);
  });

  it("are those of every listener even when all of them belong to others", () => {
    const taken = httpListener("narrow", `hostname: a.example.com, ${all}`);
    const bound = bind([httpListener("any"), taken], "hostnames: [a.example.com]", to("sectionName: any"));
    expect(bound).toEqual([["any"]]);
  });
});
