import type { TableMode } from "../../src/core/data-plane.ts";
import type { HttpRouteMatch } from "../../src/core/gateway-api.ts";
import type { Hostname } from "../../src/core/hostname.ts";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import type { XdsResource } from "../../src/core/xds-resource.ts";
import { type EdgeSettings, edgeSettings } from "../../src/translate/envoy/edge-defaults.ts";
import { printListener } from "../../src/translate/envoy/listener.ts";
import { printRoutes } from "../../src/translate/envoy/route.ts";
import { printVirtualHost } from "../../src/translate/envoy/virtual-host.ts";
import type { RouteTable, VirtualHost } from "../../src/translate/nodes.ts";
import type { RouteRule } from "../../src/translate/route-nodes.ts";
import { gateway } from "./proxy.ts";
import { noFilters } from "./route-cases.ts";

/** Port of the one plain listener; proxies have an address each, so that it is always free. */
export const httpPort = 8080;
export const httpTable = "http-8080";

export const routeTable: RouteTable = {
  gateway,
  table: httpTable,
  port: httpPort,
  scheme: "http",
  hostnames: [],
  misdirected: [],
};

/** A rule without wishes. */
export function aRule(rule: Partial<RouteRule>): RouteRule {
  const none = { filters: noFilters, backends: [], requestTimeoutMs: 0, backendTimeoutMs: 0 };
  return { index: 0, matches: [], ...none, ...rule };
}

/** A match of everything, unless told more. */
export function aMatch(match: Partial<HttpRouteMatch> = {}): HttpRouteMatch {
  return { path: { type: "PathPrefix", value: "/" }, ...match };
}

/** A hostname with one rule. */
export function aHost(hostname: Hostname, rule: Partial<RouteRule>, match: Partial<HttpRouteMatch> = {}): VirtualHost {
  const route = objectKey("HTTPRoute", namespacedName("apps", "route"));
  const routes = printRoutes(aRule(rule), aMatch(match), { route, port: httpPort, scheme: "http" });
  return printVirtualHost({ gateway, table: httpTable, hostname, routes });
}

/** The listener in front of the table. */
export function aListener(address: string, mode: TableMode, settings: EdgeSettings = edgeSettings): XdsResource {
  const chains = [{ kind: "http", table: httpTable } as const];
  const node = { gateway, name: httpTable, port: httpPort, addresses: [address], bindPort: httpPort, chains };
  return printListener(node, () => mode, { settings });
}
