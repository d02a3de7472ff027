import { describe, expect, it } from "vitest";
import { decodeMessage, encodeMessage } from "../../proto/messages.ts";
import type { Reader } from "../collection/collection.ts";
import { Graph } from "../collection/graph.ts";
import { namespacedName, objectKey } from "../core/keys.ts";
import type { HostMember, RouteTable, VirtualHost } from "./nodes.ts";
import type { AttachedHost } from "./route-nodes.ts";
import { buildUnroutedHosts, hostKeys, mergeVirtualHost } from "./virtual-host.ts";
import { virtualHostKey } from "./virtual-host-key.ts";

const read: Reader = { get: (from, key) => from.get(key) };
const merger = mergeVirtualHost({ wideMembers: new Graph().groupBy("wide", [], () => []) });
const place = { gateway: namespacedName("infra", "edge"), table: "http-80" };
const route = objectKey("HTTPRoute", namespacedName("shop", "cart"));
const host = (hostname: string, written = hostname): AttachedHost => ({ hostname, written });

/** Entries named after their order, so that the names tell in what order they come out. */
function routes(hosts: readonly AttachedHost[], ...orders: readonly string[]): HostMember {
  const entries = orders.map((order) => ({
    order,
    route,
    namespace: "shop",
    createdAt: "1970-01-01T00:00:00Z",
    id: order,
    rule: 0,
    match: { path: { type: "PathPrefix", value: "/" } } as const,
    clusters: [],
    routes: [encodeMessage("envoy.config.route.v3.Route", { name: order, match: { prefix: "/" } })],
  }));
  return { kind: "routes", route, namespace: "shop", ...place, hosts, entries, clusters: [] };
}

function unrouted(kind: "notFound" | "misdirected", hostname: string): HostMember {
  return { kind, ...place, hostname };
}

function merge(hostname: string, ...members: readonly HostMember[]): VirtualHost | undefined {
  const key = virtualHostKey(place, hostname);
  const named = new Map(members.map((member, index) => [String(index), member]));
  const [entry] = merger(read, key, named);
  if (entry !== undefined) expect(entry[0]).toBe(key);
  return entry?.[1];
}

function look(merged: VirtualHost | undefined) {
  if (merged === undefined) return undefined;
  const { domains, routes } = decodeMessage("envoy.config.route.v3.VirtualHost", merged.bytes);
  return { domains, routes: (routes ?? []).map(({ name }) => name) };
}

describe("a virtual host", () => {
  it("tries the entries of all its members in order of precedence", () => {
    const merged = merge("a.com", routes([host("a.com")], "3", "1"), routes([host("a.com")], "2"));
    expect(look(merged)).toEqual({ domains: ["a.com"], routes: ["1", "2", "3"] });
  });

  it("puts those of the more specific written hostname first, whatever they match", () => {
    const merged = merge("a.com", routes([host("a.com", "*.com")], "1"), routes([host("a.com")], "2"));
    expect(look(merged)?.routes).toEqual(["2", "1"]);
  });

  it("takes a member's entries for its own hostname only", () => {
    const member = routes([host("a.com", ""), host("b.com", "b.com")], "1");
    const other = routes([host("b.com", "*.com")], "0");
    expect(look(merge("b.com", member, other))).toEqual({ domains: ["b.com"], routes: ["1", "0"] });
  });

  it("is the same whatever the order of its members", () => {
    const members = [routes([host("a.com")], "2"), routes([host("a.com")], "1"), unrouted("notFound", "a.com")];
    expect(merge("a.com", ...members)).toEqual(merge("a.com", ...[...members].reverse()));
  });

  it("has another version with another route, and the same with the same", () => {
    const one = merge("a.com", routes([host("a.com")], "1"));
    expect(one?.version).not.toBe(merge("a.com", routes([host("a.com")], "2"))?.version);
    expect(one?.version).toBe(merge("a.com", routes([host("a.com")], "1"))?.version);
  });

  it("without routes answers 404 for every host where it is the catch-all", () => {
    expect(look(merge("", unrouted("notFound", "")))).toEqual({ domains: ["*"], routes: [] });
  });

  it("of another connection answers 421 alone", () => {
    expect(look(merge("a.com", unrouted("misdirected", "a.com")))).toEqual({
      domains: ["a.com"],
      routes: ["misdirected"],
    });
  });

  it("without members is none", () => {
    expect(merge("a.com")).toBeUndefined();
  });
});

describe("the keys of a member", () => {
  it("are its hostnames in its table, where the catch-all is a star", () => {
    expect(hostKeys(routes([host("a.com"), host("", "")], "1"))).toEqual([
      "infra/edge|http-80/a.com",
      "infra/edge|http-80/*",
    ]);
    expect(hostKeys(unrouted("notFound", "*.com"))).toEqual(["infra/edge|http-80/*.com"]);
  });
});

describe("the hostnames that a table answers without routes", () => {
  const tls: RouteTable = {
    gateway: place.gateway,
    table: "https-443-*.example.com",
    port: 443,
    scheme: "https",
    hostnames: ["*.example.com"],
    misdirected: ["a.example.com", "elsewhere.com"],
  };

  it("are its own, and those of other connections that it covers", () => {
    const found = [...buildUnroutedHosts(read, "", tls)].map(([key, { kind, hostname }]) => [key, kind, hostname]);
    expect(found).toEqual([
      ["infra/edge|https-443-*.example.com/*.example.com", "notFound", "*.example.com"],
      ["infra/edge|https-443-*.example.com/a.example.com", "misdirected", "a.example.com"],
    ]);
  });
});
