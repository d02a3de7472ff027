import { describe, expect, it } from "vitest";
import { decodeMessage } from "../../proto/messages.ts";
import { Graph } from "../collection/graph.ts";
import type { TableMode } from "../core/data-plane.ts";
import { isExact } from "../core/hostname.ts";
import { gatewayResourceKey, namespacedName } from "../core/keys.ts";
import type { XdsResource } from "../core/xds-resource.ts";
import { printVirtualHost } from "./envoy/virtual-host.ts";
import type { RouteTable, VirtualHost } from "./nodes.ts";
import {
  chooseTableMode,
  printFallbackScope,
  printMisdirectedScope,
  printOwnScope,
  printOwnTable,
  printSharedMisdirected,
  printSharedTable,
  tableKey,
  tlsPortKeys,
} from "./route-tables.ts";
import { virtualHostKey } from "./virtual-host-key.ts";

const gateway = namespacedName("infra", "edge");

function createTables() {
  const graph = new Graph();
  const tables = graph.source<RouteTable>("tables");
  const hosts = graph.source<VirtualHost>("hosts");
  const modes = graph.source<TableMode>("modes");
  const formerModes = graph.source<TableMode>("formerModes");
  const keys = (wanted: (host: VirtualHost) => boolean) => (host: VirtualHost) =>
    wanted(host) ? [tableKey(host)] : [];
  const inputs = {
    modes,
    formerModes,
    hosts: graph.groupBy(
      "byTable",
      [hosts],
      keys(() => true),
    ),
    wildcardHosts: graph.groupBy(
      "wildcards",
      [hosts],
      keys(({ hostname }) => !isExact(hostname)),
    ),
  };
  const exact = graph.groupBy(
    "exact",
    [hosts],
    keys(({ hostname }) => isExact(hostname)),
  );
  const ports = graph.groupBy("ports", [tables], tlsPortKeys);
  const wanted = graph.derive("wanted", tables, chooseTableMode(modes, exact));
  const outputs = [
    graph.derive("shared", tables, printSharedTable(inputs)),
    graph.derive("own", hosts, printOwnTable(inputs)),
    graph.derive("ownScopes", hosts, printOwnScope(inputs)),
    graph.derive("fallbackScopes", tables, printFallbackScope(inputs)),
    graph.derive("misdirected", ports, printSharedMisdirected(inputs)),
    graph.derive("misdirectedScopes", ports, printMisdirectedScope(inputs)),
  ];
  const names = () => outputs.flatMap((output) => [...output.entries()].map(([key, { type }]) => `${type} ${key}`));
  return { graph, tables, hosts, modes, formerModes, wanted, outputs, names };
}

function table(more: Partial<RouteTable> = {}): RouteTable {
  return { gateway, table: "http-80", port: 80, scheme: "http", hostnames: [""], misdirected: [], ...more };
}

function setTable({ tables }: ReturnType<typeof createTables>, value: RouteTable): void {
  tables.set(gatewayResourceKey(gateway, value.table), value);
}

function setHosts({ hosts }: ReturnType<typeof createTables>, name: string, hostnames: readonly string[]): void {
  for (const hostname of hostnames) {
    hosts.set(
      virtualHostKey({ gateway, table: name }, hostname),
      printVirtualHost({ gateway, table: name, hostname, routes: [] }),
    );
  }
}

function domains(resource: XdsResource | undefined): readonly string[] {
  const { virtualHosts = [] } = decodeMessage(
    "envoy.config.route.v3.RouteConfiguration",
    resource?.bytes ?? new Uint8Array(),
  );
  return virtualHosts.flatMap((host) => host.domains ?? []);
}

describe("a plain table", () => {
  it("holds all of its hostnames and no other table's, in one resource", () => {
    const world = createTables();
    setTable(world, table());
    setTable(world, table({ table: "http-8080", port: 8080 }));
    setHosts(world, "http-80", ["a.com", "*.com", ""]);
    setHosts(world, "http-8080", ["b.com"]);
    world.graph.flush();
    expect(world.names().sort()).toEqual(["route infra/edge|http-80", "route infra/edge|http-8080"]);
    expect(domains(world.outputs[0]?.get("infra/edge|http-80"))).toEqual(["a.com", "*.com", "*"]);
  });

  it("holds the hostnames of other connections that no hostname of its own covers", () => {
    const world = createTables();
    setTable(
      world,
      table({
        table: "https-443-a.com",
        port: 443,
        scheme: "https",
        hostnames: ["a.com"],
        misdirected: ["b.com"],
      }),
    );
    setHosts(world, "https-443-a.com", ["a.com"]);
    world.graph.flush();
    expect(domains(world.outputs[0]?.get("infra/edge|https-443-a.com")).toSorted()).toEqual(["a.com", "b.com"]);
  });
});

describe("a scoped table", () => {
  it("is one table and one scope for each exact hostname, and a fallback for the rest", () => {
    const world = createTables();
    setTable(world, table());
    setHosts(world, "http-80", ["a.com", "*.com", ""]);
    world.modes.set("infra/edge|http-80", "scoped");
    world.graph.flush();
    expect(world.names().sort()).toEqual([
      "route infra/edge|http-80/*",
      "route infra/edge|http-80/a.com",
      "scope infra/edge|http-80/*",
      "scope infra/edge|http-80/a.com",
    ]);
    expect(domains(world.outputs[0]?.get("infra/edge|http-80/*"))).toEqual(["*.com", "*"]);
  });

  it("is there beside the plain one for connections from before, until they are gone", () => {
    const world = createTables();
    setTable(world, table());
    setHosts(world, "http-80", ["a.com", "*.com"]);
    world.modes.set("infra/edge|http-80", "plain");
    world.formerModes.set("infra/edge|http-80", "scoped");
    world.graph.flush();
    const lingering = world.outputs.flatMap((output) =>
      [...output.entries()].map(([key, { type, lingers }]) => `${type} ${key}${lingers === true ? " lingers" : ""}`),
    );
    expect(lingering.sort()).toEqual([
      "route infra/edge|http-80",
      "route infra/edge|http-80/* lingers",
      "route infra/edge|http-80/a.com lingers",
      "scope infra/edge|http-80/* lingers",
      "scope infra/edge|http-80/a.com lingers",
    ]);
    world.formerModes.delete("infra/edge|http-80");
    world.graph.flush();
    expect(world.names()).toEqual(["route infra/edge|http-80"]);
  });

  it("becomes plain again when its mode does", () => {
    const world = createTables();
    setTable(world, table());
    setHosts(world, "http-80", ["a.com"]);
    world.modes.set("infra/edge|http-80", "scoped");
    world.graph.flush();
    world.modes.set("infra/edge|http-80", "plain");
    world.graph.flush();
    expect(world.names()).toEqual(["route infra/edge|http-80"]);
  });

  it("shares one table of misdirected hosts with the others of its TLS port, and with no other port", () => {
    const world = createTables();
    for (const [port, name] of [
      [443, "a.com"],
      [443, "b.com"],
      [8443, "c.com"],
    ] as const) {
      setTable(world, table({ table: `https-${port}-${name}`, port, scheme: "https", hostnames: [name] }));
    }
    world.graph.flush();
    expect(world.names().filter((name) => name.includes("/*"))).toEqual([]);
    world.modes.set("infra/edge|https-443-b.com", "scoped");
    world.graph.flush();
    const misdirected = world.outputs[4];
    expect([...(misdirected?.entries() ?? [])].map(([key, resource]) => [key, domains(resource)])).toEqual([
      ["infra/edge|https-443/*", ["a.com", "b.com"]],
    ]);
    expect([...(world.outputs[5]?.entries() ?? [])].map(([key]) => key)).toEqual(["infra/edge|https-443/*"]);
  });
});

describe("the cut that a table wants", () => {
  const wantedWith = (exactHosts: number, mode?: TableMode) => {
    const world = createTables();
    setTable(world, table());
    setHosts(
      world,
      "http-80",
      Array.from({ length: exactHosts }, (_, index) => `h${index}.com`),
    );
    // Wildcards and hostnames of other tables do not count.
    setHosts(
      world,
      "http-80",
      Array.from({ length: 600 }, (_, index) => `*.w${index}.com`),
    );
    setHosts(
      world,
      "http-8080",
      Array.from({ length: 600 }, (_, index) => `o${index}.com`),
    );
    if (mode !== undefined) world.modes.set("infra/edge|http-80", mode);
    world.graph.flush();
    return world.wanted.get("infra/edge|http-80");
  };

  it("follows the number of its exact hostnames", () => {
    expect(wantedWith(10)).toBe("plain");
    expect(wantedWith(600)).toBe("scoped");
  });

  it("stays as it is in between", () => {
    expect(wantedWith(400, "plain")).toBe("plain");
    expect(wantedWith(400, "scoped")).toBe("scoped");
  });
});
