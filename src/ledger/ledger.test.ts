import { describe, expect, it } from "vitest";
import type { AnswerChange } from "../core/history.ts";
import { namespacedName, type ObjectKey, objectKey } from "../core/keys.ts";
import { type HostChange, Ledger, type Publication } from "./ledger.ts";

const gateway = namespacedName("infra", "edge");
const key = (name: string): ObjectKey =>
  objectKey("HTTPRoute", namespacedName(name.split("/")[0], name.split("/")[1] ?? ""));

/** A hostname of the table http-80 by route: the prefixes that it answers there, in order. */
function host(hostname: string, answers?: Readonly<Record<string, string>>): HostChange {
  const matches = Object.entries(answers ?? {}).map(([path, route]) => {
    return { route: key(route), match: { path: { type: "PathPrefix", value: path } as const } };
  });
  const place = { gateway, table: "http-80", hostname, resource: { name: "http-80", version: "1" } };
  return answers === undefined ? place : { ...place, port: 80, matches };
}

function publication(
  hosts: readonly HostChange[],
  routes: Readonly<Record<string, number | undefined>> = {},
): Publication {
  const generations = Object.entries(routes).map(([name, generation]) => [key(name), generation] as const);
  const objects = generations.map(([object, generation]) => ({
    object,
    ...(generation !== undefined && { generation }),
  }));
  return { hosts, routes: new Map(generations), objects };
}

function createLedger(most = 100): Ledger {
  let seconds = 0;
  return new Ledger({ most, now: () => new Date(++seconds * 1000) });
}

const show = ({ hostname, path, from, to, cause }: AnswerChange) =>
  `${hostname}${path?.value ?? ""}: ${brief(from)} -> ${brief(to)}, ${cause}`;
const brief = (answer: AnswerChange["from"]) => (answer ? `${answer.route.slice(10)}@${answer.generation}` : "nobody");

describe("the ledger", () => {
  it("begins with what there is, without a change", () => {
    const ledger = createLedger();
    expect(ledger.record(publication([host("a.com", { "/": "shop/cart" })], { "shop/cart": 3 }))).toEqual([]);
    expect(ledger.current({ host: "a.com", path: "/x" })).toEqual([
      {
        gateway,
        port: 80,
        hostname: "a.com",
        path: { type: "PathPrefix", value: "/" },
        route: key("shop/cart"),
        generation: 3,
      },
    ]);
    expect(ledger.changes({ host: "a.com" })).toEqual([]);
  });

  it("tells each path that another route answers, from which generation to which, and why", () => {
    const ledger = createLedger();
    const first = { "shop/cart": 1, "rival/x": 1 };
    ledger.record(publication([host("a.com", { "/a": "shop/cart", "/b": "shop/cart" })], first));
    const next = publication([host("a.com", { "/a": "rival/x", "/b": "shop/cart" })], { "shop/cart": 2, "rival/x": 1 });
    expect(ledger.record(next)).toEqual([
      {
        ...{ time: "1970-01-01T00:00:01.000Z", gateway, port: 80, hostname: "a.com" },
        path: { type: "PathPrefix", value: "/a" },
        from: { route: key("shop/cart"), generation: 1 },
        to: { route: key("rival/x"), generation: 1 },
        cause: "HTTPRoute rival/x generation 1 changed, HTTPRoute shop/cart generation 2 changed",
        resource: { name: "http-80", version: "1" },
      },
    ]);
  });

  it("says nothing of a route that answers as before, and knows its generation the next time", () => {
    const ledger = createLedger();
    ledger.record(publication([host("a.com", { "/": "shop/cart" })], { "shop/cart": 1 }));
    expect(ledger.record(publication([host("a.com", { "/": "shop/cart" })], { "shop/cart": 7 }))).toEqual([]);
    expect(ledger.record(publication([], { "shop/cart": 8 }))).toEqual([]);
    const gone = ledger.record(publication([host("a.com")], { "shop/cart": undefined }));
    expect(gone.map(show)).toEqual(["a.com/: shop/cart@8 -> nobody, HTTPRoute shop/cart is gone"]);
    expect(ledger.current({ host: "a.com" })).toEqual([]);
  });

  it("knows who answered a path before it was somebody's own, and who does afterwards", () => {
    const ledger = createLedger();
    ledger.record(publication([host("a.com", { "/": "shop/cart" })], { "shop/cart": 1, "rival/x": 1 }));
    const taken = ledger.record(
      publication([host("a.com", { "/pay": "rival/x", "/": "shop/cart" })], { "rival/x": 2 }),
    );
    expect(taken.map(show)).toEqual(["a.com/pay: shop/cart@1 -> rival/x@2, HTTPRoute rival/x generation 2 changed"]);
    const back = ledger.record(publication([host("a.com", { "/": "shop/cart" })], { "rival/x": undefined }));
    expect(back.map(show)).toEqual(["a.com/pay: rival/x@2 -> shop/cart@1, HTTPRoute rival/x is gone"]);
    const own = ledger.record(
      publication([host("a.com", { "/mine": "shop/cart", "/": "shop/cart" })], { "shop/cart": 2 }),
    );
    expect(own).toEqual([]);
  });

  it("knows what a hostname takes from a wider one, also the paths that nobody answers then", () => {
    const ledger = createLedger();
    ledger.record(
      publication([host("*.a.com", { "/": "shop/cart" }), host("", { "/": "shop/all" })], { "shop/cart": 1 }),
    );
    const taken = ledger.record(publication([host("api.a.com", { "/v1": "rival/x" })], { "rival/x": 1 }));
    const cause = "HTTPRoute rival/x generation 1 changed";
    expect(taken.map(show)).toEqual([
      `api.a.com/v1: shop/cart@1 -> rival/x@1, ${cause}`,
      `api.a.com/: shop/cart@1 -> nobody, ${cause}`,
    ]);
    expect(ledger.current({ host: "api.a.com", path: "/v2" })).toEqual([]);
    expect(ledger.current({ host: "b.api.a.com", path: "/v2" }).map(({ hostname }) => hostname)).toEqual(["*.a.com"]);
    expect(ledger.current({ host: "c.org", path: "/" }).map(({ route }) => route)).toEqual([key("shop/all")]);
    const back = ledger.record(publication([host("api.a.com")], { "rival/x": undefined }));
    expect(back.map(show)).toEqual([
      "api.a.com/v1: rival/x@1 -> shop/cart@1, HTTPRoute rival/x is gone",
      "api.a.com/: nobody -> shop/cart@1, HTTPRoute rival/x is gone",
    ]);
  });

  it("tells through what a route answers a place that it does not have itself", () => {
    const ledger = createLedger();
    ledger.record(publication([host("*.a.com", { "/": "shop/wide" }), host("b.com", { "/x": "shop/x" })]));
    const narrower = [
      host("api.a.com", { "/": "rival/x", "/v1": "rival/x" }),
      host("b.com", { "/x": "shop/x", "/x/y": "rival/x" }),
    ];
    const prefix = (value: string) => ({ type: "PathPrefix", value });
    const wide = { hostname: "*.a.com", path: prefix("/") };
    const above = { hostname: "b.com", path: prefix("/x") };
    const changes = ledger.record(publication(narrower));
    expect(changes.map(({ from, to }) => [from?.through, to?.through])).toEqual([
      [wide, undefined],
      [wide, undefined],
      [above, undefined],
    ]);
    const back = ledger.record(publication([host("api.a.com"), host("b.com", { "/x": "shop/x" })]));
    expect(back.map(({ from, to }) => [from?.through, to?.through])).toEqual([
      [undefined, wide],
      [undefined, wide],
      [undefined, above],
    ]);
  });

  it("finds what concerns a host and a path, the newest first", () => {
    const ledger = createLedger();
    ledger.record(publication([]));
    ledger.record(publication([host("*.a.com", { "/a": "shop/one", "/ab": "shop/one" })]));
    ledger.record(publication([host("x.a.com", { "/a/b": "shop/two" }), host("y.a.com", { "/": "shop/two" })]));
    const found = (name: string, path?: string) =>
      ledger.changes({ host: name, path }).map((each) => each.hostname + each.path?.value);
    expect(found("x.a.com", "/a/b/c")).toEqual(["x.a.com/a/b", "*.a.com/a"]);
    expect(found("*.a.com")).toEqual(["*.a.com/ab", "*.a.com/a"]);
    expect(found("a.com")).toEqual([]);
  });

  it("tells only what goes before the plain answer of a path", () => {
    const ledger = createLedger();
    const plain = host("a.com", { "/a/b": "shop/long", "/a": "shop/short" });
    const canary = {
      route: key("shop/canary"),
      match: { path: { type: "PathPrefix", value: "/a" } as const, method: "PUT" },
    };
    ledger.record(publication([{ ...plain, matches: [...(plain.matches ?? []), canary] }]));
    const routes = (path: string) => ledger.current({ host: "a.com", path }).map(({ route }) => route.slice(15));
    expect(routes("/a/b")).toEqual(["long"]);
    expect(routes("/a/c")).toEqual(["canary", "short"]);
  });

  it("keeps the newest, as many as it may", () => {
    const ledger = createLedger(3);
    ledger.record(publication([]));
    for (let index = 0; index < 20; index++) ledger.record(publication([host("a.com", { "/": `shop/r${index}` })]));
    expect(ledger.changes({ host: "a.com" }).map(({ to }) => to?.route)).toEqual([
      key("shop/r19"),
      key("shop/r18"),
      key("shop/r17"),
    ]);
    const without = createLedger(0);
    without.record(publication([]));
    expect(without.record(publication([host("a.com", { "/": "shop/a" })]))).toHaveLength(1);
    expect(without.changes({ host: "a.com" })).toEqual([]);
  });

  it("keeps apart what is forwarded as it is: by server name, or by port", () => {
    const ledger = createLedger();
    const forwarded = (protocol: "TLS" | "TCP", hostname: string, route?: string): HostChange => {
      const [table, port] = protocol === "TLS" ? ["https-443", 443] : ["tcp-5432", 5432];
      const place = { gateway, table, port, protocol, hostname, resource: { name: table, version: "1" } };
      const everything = { path: { type: "PathPrefix", value: "/" } as const };
      return { ...place, matches: route === undefined ? [] : [{ route: key(route), match: everything }] };
    };
    ledger.record(publication([forwarded("TLS", "*.a.com", "shop/wide"), forwarded("TCP", "", "shop/sql")]));
    const taken = publication([forwarded("TLS", "db.a.com", "rival/x"), forwarded("TCP", "", "rival/x")]);
    expect(ledger.record(taken).map(({ path, ...each }) => [path, each.protocol, show(each)])).toEqual([
      [undefined, "TLS", "db.a.com: shop/wide@0 -> rival/x@0, the control plane decided anew"],
      [undefined, "TCP", ": shop/sql@0 -> rival/x@0, the control plane decided anew"],
    ]);
    const port = { port: 5432, protocol: "TCP" } as const;
    const place = { gateway, ...port, hostname: "", route: key("rival/x"), generation: 0 };
    expect(ledger.current(port)).toEqual([place]);
    expect(ledger.changes(port).map(({ hostname }) => hostname)).toEqual([""]);
    expect(ledger.changes({ ...port, protocol: "UDP" })).toEqual([]);
    expect(ledger.current({ host: "db.a.com", path: "/x" }).map(({ port, route }) => [port, route])).toEqual([
      [443, key("rival/x")],
    ]);
    expect(ledger.changes({ host: "db.a.com", path: "/x" }).map(({ port }) => port)).toEqual([443]);
    ledger.record(publication([forwarded("TLS", "web.a.com")]));
    expect(ledger.current({ host: "web.a.com" })).toEqual([]);
  });
});
