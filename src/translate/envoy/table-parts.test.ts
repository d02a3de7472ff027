import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeMessage, encodeMessage } from "../../../proto/messages.ts";
import { namespacedName, objectKey } from "../../core/keys.ts";
import type { XdsResource } from "../../core/xds-resource.ts";
import type { RouteTable } from "../nodes.ts";
import { routeName } from "./names.ts";
import { contentVersion, xdsResource } from "./resource.ts";
import { printPlainTable } from "./route-tables.ts";
import { splitTable, type TableParts } from "./table-parts.ts";
import { misdirectedHost, printVirtualHost } from "./virtual-host.ts";

const gateway = namespacedName("infra", "gateway");
const table = {
  gateway,
  table: "http-80",
  port: 80,
  scheme: "http",
  hostnames: [],
  misdirected: [],
} satisfies RouteTable;

/** Routes by host, in the order in which they are tried: `<rule>=<form>`. */
type Hosts = Readonly<Record<string, readonly string[]>>;

function message(text: string): Uint8Array {
  const [rule = "", form = ""] = text.split("=");
  const name = routeName(objectKey("HTTPRoute", namespacedName("shop", rule)), { index: 0 });
  return encodeMessage("envoy.config.route.v3.Route", { name, match: { prefix: "/" }, route: { cluster: form } });
}

function partOf(rule: string): string {
  return `httproute/shop/${rule}/rule/0`;
}

function print(hosts: Hosts): XdsResource {
  const printed = Object.entries(hosts).map(([hostname, routes]) =>
    printVirtualHost({ gateway, table: table.table, hostname, routes: routes.map(message) }),
  );
  const clusters = new Set(Object.values(hosts).flatMap((routes) => routes.map((text) => text.split("=")[1] ?? "")));
  return { ...printPlainTable(table, printed), clusters: () => clusters };
}

function read({ bytes }: XdsResource): Hosts {
  const { virtualHosts = [] } = decodeMessage("envoy.config.route.v3.RouteConfiguration", bytes);
  return Object.fromEntries(
    virtualHosts.map(({ name = "", routes = [] }) => [
      name,
      routes.map((route) => `${route.name?.split("/")[2] ?? route.name}=${route.route?.cluster}`),
    ]),
  );
}

function split(resource: XdsResource): TableParts {
  const parts = splitTable(resource);
  if (parts === undefined) throw new Error("a table has parts");
  return parts;
}

function hold(hosts: Hosts, held: readonly string[], base?: Hosts): Hosts {
  return read(split(print(hosts)).hold(new Set(held.map(partOf)), base && print(base)));
}

describe("the parts of a table", () => {
  it("are its rules, each with the hashes of its messages", () => {
    const { parts } = split(print({ "a.test": ["a=1", "b=1", "a=2"], "b.test": ["a=1"] }));
    expect([...parts.keys()]).toEqual([partOf("a"), partOf("b")]);
    expect(parts.get(partOf("a"))).toEqual(
      [message("a=1"), message("a=2")].map((each) => contentVersion([each])).sort(),
    );
  });

  it("are none of its own routes", () => {
    const own = printPlainTable(table, [misdirectedHost({ gateway, table: table.table, hostname: "a.test" })]);
    expect(split(own).parts.size).toBe(0);
    expect(split(own).hold(new Set(["misdirected"]), undefined).bytes).toEqual(own.bytes);
  });

  it("are there of route tables only", () => {
    expect(splitTable(xdsResource("listener", "http-80", new Uint8Array()))).toBeUndefined();
  });
});

describe("a table with parts held back", () => {
  it.each<{ name: string; now: Hosts; base?: Hosts; held: readonly string[]; want: Hosts }>([
    {
      name: "has them as before",
      now: { h: ["a=2", "b=2"] },
      base: { h: ["a=1", "b=1"] },
      held: ["a"],
      want: { h: ["a=1", "b=2"] },
    },
    { name: "lacks what is new", now: { h: ["a=1", "b=2"] }, base: { h: ["a=1"] }, held: ["b"], want: { h: ["a=1"] } },
    { name: "lacks what nobody knows", now: { h: ["a=1", "b=1"] }, held: ["a"], want: { h: ["b=1"] } },
    { name: "keeps a host that is left empty", now: { h: ["a=1"] }, held: ["a"], want: { h: [] } },
    {
      name: "gives no hostname back that the rule has left",
      now: { h: ["a=2"], i: [] },
      base: { h: ["a=1"], i: ["a=1"], j: ["a=1"] },
      held: ["a"],
      want: { h: ["a=1"], i: [] },
    },
    {
      name: "takes a hostname away that the rule has come to",
      now: { h: ["a=2"], i: ["a=2", "b=1"] },
      base: { h: ["a=1"], i: ["b=1"] },
      held: ["a"],
      want: { h: ["a=1"], i: ["b=1"] },
    },
    {
      name: "puts the matches of a rule where they stood among the others",
      now: { h: ["a=2", "b=1", "c=1"] },
      base: { h: ["a=1", "b=1", "c=1", "a=9"] },
      held: ["a"],
      want: { h: ["a=1", "b=1", "c=1", "a=9"] },
    },
    {
      name: "lets a rule come before all that it came before",
      now: { h: ["n=1", "b=1", "a=2", "c=1"] },
      base: { h: ["a=1", "b=1", "c=1"] },
      held: ["a"],
      want: { h: ["a=1", "n=1", "b=1", "c=1"] },
    },
  ])("$name", ({ now, base, held, want }) => {
    expect(hold(now, held, base)).toEqual(want);
  });

  it("names the clusters of both forms, and has a version of its own", () => {
    const [now, base] = [print({ h: ["a=2", "b=2"] }), print({ h: ["a=1", "b=1"] })];
    const held = split(now).hold(new Set([partOf("a")]), base);
    expect([...(held.clusters?.() ?? [])].sort()).toEqual(["1", "2"]);
    expect(new Set([now.version, base.version, held.version]).size).toBe(3);
    expect(held).toMatchObject({ type: "route", name: now.name });
  });

  const rules = fc.uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c", "d", "e"), fc.nat({ max: 2 })), {
    maxLength: 6,
  });
  const hosts = fc
    .dictionary(fc.constantFrom("h", "i", "j"), rules, { noNullPrototype: true })
    .map(
      (made): Hosts =>
        Object.fromEntries(
          Object.entries(made).map(([host, list]) => [host, list.map(([rule, form]) => `${rule}=${form}`)]),
        ),
    );

  it("is the same bytes when nothing is held", () => {
    fc.assert(
      fc.property(hosts, fc.option(hosts), (now, base) => {
        const printed = print(now);
        expect(split(printed).hold(new Set(), base === null ? undefined : print(base))).toBe(printed);
        expect(split(printed).hold(new Set(["httproute/shop/z/rule/0"]), undefined)).toBe(printed);
      }),
    );
  });

  it("answers as before when everything is held", () => {
    fc.assert(
      fc.property(hosts, hosts, (now, base) => {
        const printed = print(now);
        const { parts, hold: holdBack } = split(printed);
        const held = read(holdBack(new Set(parts.keys()), print(base)));
        const want = Object.fromEntries(
          Object.entries(read(printed)).map(([host, routes]) => {
            const there = new Set(routes.map((text) => text.split("=")[0]));
            return [host, (base[host] ?? []).filter((text) => there.has(text.split("=")[0]))];
          }),
        );
        expect(held).toEqual(want);
      }),
    );
  });

  it("is the former table itself when nothing was added to it or taken from it", () => {
    const base = print({ h: ["a=1", "b=1"] });
    const now = split(print({ h: ["a=2", "b=2"] }));
    expect(now.hold(new Set(now.parts.keys()), base)).toBe(base);
  });
});
