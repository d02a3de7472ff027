import { describe, expect, it } from "vitest";
import { decodeMessage } from "../../../proto/messages.ts";
import { namespacedName } from "../../core/keys.ts";
import type { RouteTable, VirtualHost } from "../nodes.ts";
import {
  misdirectedHere,
  printFallbackTable,
  printHostTable,
  printMisdirectedTable,
  printPlainTable,
  wantedTableMode,
} from "./route-tables.ts";
import { misdirectedHost, printVirtualHost } from "./virtual-host.ts";

const gateway = namespacedName("infra", "gateway");
const table: RouteTable = {
  gateway,
  table: "https-443-*.example.com",
  port: 443,
  scheme: "https",
  hostnames: ["*.example.com"],
  misdirected: ["abc.example.com", "*.deep.example.com", "other.test"],
};

const host = (hostname: string): VirtualHost => misdirectedHost({ gateway, table: table.table, hostname });
const decode = (bytes: Uint8Array) => decodeMessage("envoy.config.route.v3.RouteConfiguration", bytes);

describe("wantedTableMode", () => {
  it.each([
    { current: undefined, count: 0, want: "plain" },
    { current: undefined, count: 500, want: "plain" },
    { current: undefined, count: 501, want: "scoped" },
    { current: "plain", count: 500, want: "plain" },
    { current: "plain", count: 501, want: "scoped" },
    { current: "scoped", count: 500, want: "scoped" },
    { current: "scoped", count: 300, want: "scoped" },
    { current: "scoped", count: 299, want: "plain" },
  ] as const)("with $count exact hostnames in a $current table is $want", ({ current, count, want }) => {
    expect(wantedTableMode(current, count)).toBe(want);
  });
});

describe("printPlainTable", () => {
  it("is the same whatever the order of its hosts, the most specific first", () => {
    const hosts = ["", "b.test", "*.test", "a.test"].map(host);
    const printed = printPlainTable(table, hosts);
    const { bytes, version } = printPlainTable(table, [...hosts].reverse());
    expect({ bytes, version }).toEqual({ bytes: printed.bytes, version: printed.version });
    const decoded = decode(printed.bytes);
    expect(decoded.virtualHosts?.map(({ domains }) => domains)).toEqual([["a.test"], ["b.test"], ["*.test"], ["*"]]);
    expect(decoded).toMatchObject({ name: table.table, ignorePortInHostMatching: true });
    expect(decoded.virtualHosts?.[0]?.routes?.[0]).toMatchObject({ directResponse: { status: 421 } });
  });

  it("has another version when any host has", () => {
    const empty = printVirtualHost({ gateway, table: table.table, hostname: "a.test", routes: [] });
    const versions = [[], [empty], [host("a.test")], [host("a.test"), host("b.test")]].map(
      (hosts) => printPlainTable(table, hosts).version,
    );
    expect(new Set(versions).size).toBe(4);
    expect(versions.every((version) => /^[0-9a-f]{16}$/.test(version))).toBe(true);
  });
});

describe("a scoped table", () => {
  it("gives a hostname the same bytes whatever other hostnames there are", () => {
    const { version } = printHostTable(table.table, host("a.test"));
    expect(printHostTable(table.table, host("a.test")).version).toBe(version);
    const decoded = decode(printHostTable(table.table, host("a.test")).bytes);
    expect(decoded.name).toBe("https-443-*.example.com/a.test");
    expect(decoded.virtualHosts).toHaveLength(1);
    expect(decoded.virtualHosts?.[0]?.domains).toEqual(["*"]);
    expect(decoded.requestHeadersToRemove).toEqual(["x-gw-scope"]);
  });

  it("keeps wildcards and the catch-all together", () => {
    const decoded = decode(printFallbackTable(table, ["", "*.a.test", "*.test"].map(host)).bytes);
    expect(decoded.name).toBe("https-443-*.example.com/*");
    expect(decoded.virtualHosts?.map(({ domains }) => domains)).toEqual([["*.a.test"], ["*.test"], ["*"]]);
  });

  it("answers itself only those misdirected hostnames that it would serve otherwise", () => {
    expect(misdirectedHere(table)).toEqual(["abc.example.com", "*.deep.example.com"]);
    const shared = decode(printMisdirectedTable({ ...table, hostnames: ["b.test", "", "a.test", "b.test"] }).bytes);
    expect(shared.name).toBe("https-443/*");
    expect(shared.virtualHosts?.map(({ domains }) => domains)).toEqual([["*", "a.test", "b.test"]]);
    expect(decode(printMisdirectedTable({ ...table, hostnames: [] }).bytes).virtualHosts ?? []).toEqual([]);
  });
});
