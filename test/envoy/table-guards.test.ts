import { afterEach, describe, expect, it } from "vitest";
import type {
  GoogleProtobufAny,
  EnvoyExtensionsFiltersNetworkHttpConnectionManagerV3HttpConnectionManager as HttpConnectionManager,
  EnvoyExtensionsFiltersNetworkHttpConnectionManagerV3HttpFilter as HttpFilter,
  EnvoyConfigListenerV3Listener as Listener,
} from "../../proto/gen/types.ts";
import { anyOf, decodeMessage, encodeMessage, messageToJson } from "../../proto/messages.ts";
import type { XdsResource } from "../../src/core/xds-resource.ts";
import { fallbackFilterName } from "../../src/translate/envoy/fallback-filters.ts";
import { checkHeaderName } from "../../src/translate/envoy/header-checks.ts";
import { printListener } from "../../src/translate/envoy/listener.ts";
import { xdsResource } from "../../src/translate/envoy/resource.ts";
import { printHostTable } from "../../src/translate/envoy/route-tables.ts";
import { printScope } from "../../src/translate/envoy/scope.ts";
import { splitTable } from "../../src/translate/envoy/table-parts.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { header, send } from "../support/client.ts";
import { eventually, sleep } from "../support/envoy.ts";
import { httpListener, httpRouteTable, httpsListener, namedHost } from "./hostname-world.ts";
import { aHost, aListener, httpPort, httpTable, routeTable } from "./one-listener.ts";
import { printClusters, printTable, startProxy, type TestProxy } from "./proxy.ts";
import { routeCases, to } from "./route-cases.ts";

let stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()));
  stops = [];
});

async function start(): Promise<{
  proxy: TestProxy;
  a: Backend;
  ask: (host: string, path?: string) => Promise<string>;
}> {
  const proxy = await startProxy();
  const a = await startBackend({ name: "a" });
  stops.push(proxy.stop, a.stop);
  const ask = async (host: string, path = "/") => {
    const response = await send({ address: proxy.address, port: httpPort }, { host, path });
    // A route's response headers are on the proxy's own answers too.
    return (response.status === 200 ? header(response, "x-table") : undefined) ?? String(response.status);
  };
  return { proxy, a, ask };
}

/** A listener with a wildcard, a catch-all and so many exact hosts, marked with a version. */
function hosts(count: number, version: string) {
  const exact = Array.from({ length: count }, (_, index) => `e${index}.test`);
  return ["*.test", "", ...exact].map((hostname) => namedHost(httpTable, hostname, ["/"], version));
}

const scopeOf = (hostname: string) => printScope(httpTable, hostname);
const tableOf = (hostname: string, mark: string) =>
  printHostTable(httpTable, namedHost(httpTable, hostname, ["/"], mark));

/** A table as it is sent while nobody knows which of its rules is bad. */
function withoutRules(table: XdsResource): XdsResource {
  const split = splitTable(table);
  if (split === undefined) throw new Error(`${table.name} has no parts`);
  return split.hold(new Set(split.parts.keys()), undefined);
}

/** A table that Envoy refuses; our own printers are never given such a pattern. */
function badTable(hostname: string): XdsResource {
  const path = { type: "RegularExpression", value: "((" } as const;
  return printHostTable(httpTable, aHost(hostname, { backends: [to("a")] }, { path }));
}

async function refusedPush(proxy: TestProxy, ...resources: readonly XdsResource[]): Promise<string> {
  const before = proxy.ads.refusals.length;
  proxy.ads.push(...resources);
  await eventually("Envoy refuses", () => proxy.ads.refusals.length > before && proxy.ads.settled());
  return proxy.ads.refusals[before]?.message ?? "";
}

describe("R1: a policy applies however the Host is written", () => {
  const hostnames = ["e.test", "*.wild.test"];
  const spellings = ["e.test", "E.test", "e.test.", "E.TEST:80", "x.wild.test", "X.wild.test", "x.wild.test."];

  it.each(["plain", "scoped"] as const)(
    "in a %s table, with a filter that is on and told what to do by the route",
    async (mode) => {
      const { proxy, a, ask } = await start();
      const protectedHosts = hostnames.map((hostname) => namedHost(httpTable, hostname, ["/"])).map(denyAll);
      const open = namedHost(httpTable, "", ["/"]);
      const listener = withFilter(
        printListener(httpListener(proxy.address), () => mode),
        rbacFilter({}),
      );
      await proxy.apply(
        ...printClusters({ a }),
        ...printTable(mode, httpRouteTable, [...protectedHosts, open]),
        listener,
      );
      for (const host of spellings) expect(await ask(host), host).toBe("403");
      expect(await ask("open.example")).toBe("*");
      expect(a.requests.map(({ host }) => host)).toEqual(["open.example"]);
    },
  );

  it("would not with a filter that is off until a route switches it on: the trap is real", async () => {
    const { proxy, a, ask } = await start();
    const protectedHosts = hostnames.map((hostname) => namedHost(httpTable, hostname, ["/"])).map(denyAll);
    const listener = withFilter(
      printListener(httpListener(proxy.address), () => "scoped"),
      rbacFilter({ disabled: true }),
    );
    await proxy.apply(...printClusters({ a }), ...printTable("scoped", httpRouteTable, protectedHosts), listener);
    expect(await ask("e.test")).toBe("403");
    expect(await ask("E.test")).toBe("e.test");
  });

  it.each(["plain", "scoped"] as const)("no %s listener lists a filter as disabled", (mode) => {
    for (const node of [httpListener("127.0.0.1"), httpsListener("127.0.0.1")]) {
      const managers = connectionManagers(printListener(node, () => mode));
      expect(managers.length).toBe(node.chains.length);
      const filters = managers.flatMap(({ httpFilters = [] }) => httpFilters);
      expect(filters.filter(({ disabled }) => disabled === true)).toEqual([]);
    }
  });

  it.each(["plain", "scoped"] as const)(
    "nothing in a %s table switches a filter off but the fallback filters",
    (mode) => {
      const printed = printTable(mode, routeTable, allCases());
      for (const resource of printed) {
        for (const [name, config] of filterConfigs(jsonOf(resource))) {
          if (JSON.stringify(config).includes("FilterConfig")) expect(name).toBe(fallbackFilterName);
        }
      }
    },
  );
});

describe("R2: a refused scope harms no other", () => {
  it("since a scope names a table of its own and carries no routes", () => {
    for (const hostname of ["a.test", "*"]) {
      const json = jsonOf(printScope(httpTable, hostname));
      const name = `${httpTable}/${hostname}`;
      const key = { fragments: [{ string_key: name }] };
      expect(json).toEqual({ name, route_configuration_name: name, key });
    }
  });

  it("so that scopes refused together with a bad one work when they are sent again", async () => {
    const { proxy, a, ask } = await start();
    await proxy.apply(
      ...printClusters({ a }),
      ...printTable("scoped", routeTable, hosts(0, "wide")),
      aListener(proxy.address, "scoped"),
    );
    const names = Array.from({ length: 6 }, (_, index) => `n${index}.test`);
    proxy.ads.prepare(...names.map((name) => tableOf(name, "own")));
    const bytes = encodeMessage("envoy.config.route.v3.ScopedRouteConfiguration", { name: "bad" });
    const good = names.map(scopeOf);
    await refusedPush(proxy, ...good.slice(0, 3), xdsResource("scope", "bad", bytes), ...good.slice(3));
    proxy.ads.remove({ type: "scope", name: "bad" });
    await proxy.apply(...good);
    for (const name of names) await eventually(`${name} is served`, async () => (await ask(name)) === "own");
  });
});

describe("R3: after a refused response nothing is known of its tables", () => {
  it("but each works when it is sent again, the same or newer, also after going back to what it was", async () => {
    const { proxy, a, ask } = await start();
    await proxy.apply(
      ...printClusters({ a }),
      ...printTable("scoped", routeTable, hosts(20, "A")),
      aListener(proxy.address, "scoped"),
    );
    const names = Array.from({ length: 20 }, (_, index) => `e${index}.test`);
    await refusedPush(
      proxy,
      ...names.slice(0, 10).map((name) => tableOf(name, "B")),
      badTable("e0.test"),
      ...names.slice(10).map((name) => tableOf(name, "B")),
    );
    const after = await Promise.all(names.map((name) => ask(name)));
    expect(after.every((mark) => mark === "A" || mark === "B")).toBe(true);

    for (const name of names) await proxy.apply(tableOf(name, "B"));
    expect(await Promise.all(names.map((name) => ask(name)))).toEqual(names.map(() => "B"));

    await refusedPush(proxy, ...names.slice(1).map((name) => tableOf(name, "C")), badTable("e0.test"));
    for (const name of names) await proxy.apply(tableOf(name, "B"));
    expect(await Promise.all(names.map((name) => ask(name)))).toEqual(names.map(() => "B"));
  });

  it("and a refused update leaves the table that was there", async () => {
    const { proxy, a, ask } = await start();
    await proxy.apply(
      ...printClusters({ a }),
      ...printTable("scoped", routeTable, hosts(2, "A")),
      aListener(proxy.address, "scoped"),
    );
    await refusedPush(proxy, badTable("e0.test"));
    expect(await ask("e0.test")).toBe("A");
    await proxy.apply(tableOf("e0.test", "B"));
    expect(await ask("E0.TEST")).toBe("B");
  });
});

describe("R4: a host whose first table is refused", () => {
  it("answers 404 once it comes without its rules, where the wildcard would have answered", async () => {
    const { proxy, a, ask } = await start();
    await proxy.apply(
      ...printClusters({ a }),
      ...printTable("scoped", routeTable, hosts(0, "wide")),
      aListener(proxy.address, "scoped"),
    );
    proxy.ads.prepare(badTable("new.test"));
    await refusedPush(proxy, scopeOf("new.test"));
    expect(await ask("new.test")).toBe("wide");
    await proxy.apply(withoutRules(badTable("new.test")));
    for (const host of ["new.test", "NEW.test", "new.test.:1"]) {
      await eventually(`${host} is refused`, async () => (await ask(host)) === "404");
    }
    expect(await ask("other.test")).toBe("wide");
    await proxy.apply(tableOf("new.test", "healed"));
    expect(await ask("new.test")).toBe("healed");
  });

  it.each(["plain", "scoped"] as const)("is as well without all rules of a whole %s table", async (mode) => {
    const { proxy, a, ask } = await start();
    const printed = printTable(mode, routeTable, hosts(1, "A"));
    await proxy.apply(...printClusters({ a }), ...printed, aListener(proxy.address, mode));
    await proxy.apply(...printed.filter(({ type }) => type === "route").map(withoutRules));
    for (const host of ["e0.test", "E0.test", "x.test", "unknown.example"]) expect(await ask(host), host).toBe("404");
  });
});

it("R5: a refused table in the first response opens the listener with hosts missing; sent again, they are there", async () => {
  const { proxy, a, ask } = await start();
  const printed = printTable("scoped", routeTable, hosts(20, "A"));
  const scope = scopeOf("bad.test");
  await refusedPush(
    proxy,
    ...printClusters({ a }),
    ...printed,
    scope,
    badTable("bad.test"),
    aListener(proxy.address, "scoped"),
  );
  const names = ["e0.test", "e19.test", "X.test", "unknown.example"];
  await eventually("the listener opens", async () => (await ask("e0.test")) !== "");
  // Nothing may be concluded from what is served now: a proxy is ready when every first table is acknowledged.
  await proxy.apply(withoutRules(badTable("bad.test")), ...printed.filter(({ type }) => type === "route"));
  for (const name of names) expect(await ask(name), name).toBe("A");
  expect(await ask("bad.test")).toBe("404");
});

describe("R6: a scoped listener without scopes", () => {
  it("opens with 404 once that is said, and not before", async () => {
    const { proxy, a, ask } = await start();
    proxy.ads.hold("scope");
    proxy.ads.push(...printClusters({ a }), aListener(proxy.address, "scoped"));
    await eventually("Envoy asks for scopes", () => proxy.ads.subscribed("listener") && proxy.ads.sent("listener") > 0);
    await sleep(300);
    await expect(ask("a.test")).rejects.toThrow();
    proxy.ads.release("scope");
    // An answer with no scope at all counts as one.
    proxy.ads.remove({ type: "scope", name: "none" });
    await eventually("the listener opens", async () => (await ask("a.test")) === "404", 5);
  });
});

it("R7: no route can set the header that picks a scope", () => {
  expect(checkHeaderName("X-Gw-Scope")).toContain("proxy's own");
});

describe("R8, R10: what scoped tables cannot bear is never printed", () => {
  it.each(["plain", "scoped"] as const)("no internal redirects and nothing on demand in %s mode", (mode) => {
    const listeners = [httpListener("127.0.0.1"), httpsListener("127.0.0.1")].map((node) =>
      printListener(node, () => mode),
    );
    for (const resource of [...printTable(mode, routeTable, allCases()), ...listeners]) {
      const text = JSON.stringify(jsonOf(resource));
      expect(text).not.toMatch(/internal_redirect|on_demand|vhds/);
    }
  });
});

function allCases() {
  return routeCases.map(({ rule, match }, index) => aHost(`c${index}.test`, rule, match));
}

const messageTypes = {
  listener: "envoy.config.listener.v3.Listener",
  scope: "envoy.config.route.v3.ScopedRouteConfiguration",
  route: "envoy.config.route.v3.RouteConfiguration",
} as const;

function jsonOf(resource: XdsResource): unknown {
  if (resource.type !== "listener" && resource.type !== "scope" && resource.type !== "route") return {};
  return messageToJson(messageTypes[resource.type], resource.bytes);
}

/** Every entry of every typed_per_filter_config in a message. */
function filterConfigs(json: unknown): readonly (readonly [string, unknown])[] {
  if (typeof json !== "object" || json === null) return [];
  return Object.entries(json).flatMap(([name, value]) => {
    const here = name === "typed_per_filter_config" ? Object.entries(value as Record<string, unknown>) : []; // a map
    return [...here, ...filterConfigs(value)];
  });
}

const managerType = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

function connectionManagers(resource: XdsResource): readonly HttpConnectionManager[] {
  const listener = decodeMessage("envoy.config.listener.v3.Listener", resource.bytes);
  const filters = (listener.filterChains ?? []).flatMap((chain) => chain.filters ?? []);
  return filters.flatMap(({ typedConfig }) =>
    typedConfig?.type_url === anyOf(managerType, {}).type_url ? [decodeMessage(managerType, typedConfig.value)] : [],
  );
}

/** Puts a filter before the router of every chain. */
function withFilter(resource: XdsResource, filter: HttpFilter): XdsResource {
  const listener = decodeMessage("envoy.config.listener.v3.Listener", resource.bytes);
  const filterChains = (listener.filterChains ?? []).map((chain) => ({
    ...chain,
    filters: (chain.filters ?? []).map((network) => {
      if (network.typedConfig?.type_url !== anyOf(managerType, {}).type_url) return network;
      const manager = decodeMessage(managerType, network.typedConfig.value);
      const httpFilters = [...(manager.httpFilters ?? [])];
      httpFilters.splice(-1, 0, filter);
      return { ...network, typedConfig: anyOf(managerType, { ...manager, httpFilters }) };
    }),
  }));
  const patched: Listener = { ...listener, filterChains };
  return xdsResource("listener", resource.name, encodeMessage("envoy.config.listener.v3.Listener", patched));
}

const rbac = "envoy.filters.http.rbac";

function rbacFilter(more: Pick<HttpFilter, "disabled">): HttpFilter {
  return { name: rbac, typedConfig: anyOf("envoy.extensions.filters.http.rbac.v3.RBAC", {}), ...more };
}

/** Gives every route of a host the filter's own per-route configuration: nobody may pass. */
function denyAll(host: ReturnType<typeof namedHost>): ReturnType<typeof namedHost> {
  const nobody = { policies: {} };
  const config: GoogleProtobufAny = anyOf("envoy.extensions.filters.http.rbac.v3.RBACPerRoute", {
    rbac: { rules: nobody },
  });
  const decoded = decodeMessage("envoy.config.route.v3.VirtualHost", host.routes);
  const routes = (decoded.routes ?? []).map((route) => ({ ...route, typedPerFilterConfig: { [rbac]: config } }));
  const encoded = encodeMessage("envoy.config.route.v3.VirtualHost", { routes });
  const whole = decodeMessage("envoy.config.route.v3.VirtualHost", host.bytes);
  return { ...host, routes: encoded, bytes: encodeMessage("envoy.config.route.v3.VirtualHost", { ...whole, routes }) };
}
