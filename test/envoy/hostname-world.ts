import type { TableMode } from "../../src/core/data-plane.ts";
import type { Hostname } from "../../src/core/hostname.ts";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import type { XdsResource } from "../../src/core/xds-resource.ts";
import { printListener } from "../../src/translate/envoy/listener.ts";
import { httpsTableName } from "../../src/translate/envoy/names.ts";
import { printRoutes } from "../../src/translate/envoy/route.ts";
import { printSecret } from "../../src/translate/envoy/secret.ts";
import { printVirtualHost } from "../../src/translate/envoy/virtual-host.ts";
import type { EnvoyListener, RouteTable, VirtualHost } from "../../src/translate/nodes.ts";
import type { IssuedCertificate } from "../support/certificates.ts";
import { aMatch, aRule, httpPort, httpTable } from "./one-listener.ts";
import { gateway, printTable } from "./proxy.ts";
import { to } from "./route-cases.ts";

export const httpsPort = 8443;

/** Hostnames of the plain listener with the paths that they serve; none is a listener's hostname without a route. */
export const httpHosts: Readonly<Record<Hostname, readonly string[]>> = {
  "a.test": ["/only"],
  "b.test": ["/"],
  "empty.test": [],
  "xn--bcher-kva.test": ["/"],
  "under_score.test": ["/"],
  "[::1]": ["/"],
  "exact.wild.test": ["/"],
  "*.wild.test": ["/"],
  "*.b.wild.test": ["/"],
  "*.none.wild.test": [],
  "": ["/"],
};

/** Hostnames of the TLS listeners, each with those of its table. */
export const httpsListeners: Readonly<Record<Hostname, readonly Hostname[]>> = {
  "*.deep.example.com": ["*.deep.example.com"],
  "abc.example.com": ["abc.example.com"],
  "other.test": ["other.test"],
  "*.example.com": ["www.example.com", "*.example.com"],
};

const secret = namespacedName("infra", "certificate");

/** A host that answers with its own name in `x-table`. */
export function namedHost(table: string, hostname: Hostname, paths: readonly string[], mark = hostname): VirtualHost {
  const route = objectKey("HTTPRoute", namespacedName("apps", "hosts"));
  const responseHeaders = { set: [{ name: "x-table", value: mark === "" ? "*" : mark }] };
  const rule = aRule({ backends: [to("a")], filters: { mirrors: [], responseHeaders } });
  const routes = paths.flatMap((value) => {
    const match = aMatch({ path: { type: "PathPrefix", value } });
    return printRoutes(rule, match, { route, port: httpPort, scheme: "http" });
  });
  return printVirtualHost({ gateway, table, hostname, routes });
}

/** The table of the plain listener. */
export const httpRouteTable: RouteTable = {
  gateway,
  table: httpTable,
  port: httpPort,
  scheme: "http",
  hostnames: Object.keys(httpHosts),
  misdirected: [],
};

/** Everything that the plain listener needs, and the listener. */
export function httpResources(address: string, mode: TableMode): readonly XdsResource[] {
  const hosts = Object.entries(httpHosts).map(([hostname, paths]) => namedHost(httpTable, hostname, paths));
  return [...printTable(mode, httpRouteTable, hosts), printListener(httpListener(address), () => mode)];
}

/** The same with TLS: a table for each listener. */
export function httpsResources(
  address: string,
  mode: TableMode,
  certificate: IssuedCertificate,
): readonly XdsResource[] {
  const tables = Object.entries(httpsListeners).flatMap(([hostname, hosts]) => {
    const table = httpsTableName(httpsPort, hostname);
    const printed = hosts.map((host) => namedHost(table, host, ["/"]));
    return printTable(mode, httpsRouteTable(hostname), printed);
  });
  const { certificatePem: chainPem, keyPem } = certificate;
  const printed = printSecret(secret, { kind: "valid", chainPem, keyPem });
  return [printed, ...tables, printListener(httpsListener(address), () => mode)];
}

export function httpListener(address: string): EnvoyListener {
  const chains = [{ kind: "http", table: httpTable } as const];
  return { gateway, name: httpTable, port: httpPort, addresses: [address], bindPort: httpPort, chains };
}

export function httpsListener(address: string): EnvoyListener {
  const chains = Object.keys(httpsListeners).map((hostname) => ({
    kind: "http" as const,
    table: httpsTableName(httpsPort, hostname),
    tls: { hostname, secrets: [secret] },
  }));
  const name = `https-${httpsPort}`;
  return { gateway, name, port: httpsPort, addresses: [address], bindPort: httpsPort, chains };
}

function httpsRouteTable(hostname: Hostname): RouteTable {
  const misdirected = Object.keys(httpsListeners).filter((other) => other !== hostname);
  const table = httpsTableName(httpsPort, hostname);
  return { gateway, table, port: httpsPort, scheme: "https", hostnames: [hostname], misdirected };
}
