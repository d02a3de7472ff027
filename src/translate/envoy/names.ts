/**
 * Every xDS resource name. All names are unique within one Gateway, because a proxy gets the resources of one Gateway
 * only; parts are joined by '/', which occurs in no Kubernetes name and in no hostname, so no two things share a name.
 */
import { everyHost, type Hostname } from "../../core/hostname.ts";
import {
  kindNames,
  type NamespacedName,
  namespacedName,
  type ObjectKey,
  objectKey,
  parseObjectKey,
} from "../../core/keys.ts";
import type { ClusterAddress } from "../nodes.ts";
import type { RouteRule } from "../route-nodes.ts";

/** The Envoy listener of a port: `http-80`, `https-443`, `tcp-9300`, `udp-5300`. */
export function listenerName(scheme: "http" | "https" | "tcp" | "udp", port: number): string {
  return `${scheme}-${port}`;
}

/** The Envoy listener of a port of UDP on which what {@link listenerName} serves on TCP is served by HTTP/3. */
export function http3ListenerName(port: number): string {
  return `http3-${port}`;
}

/** The route table of a plain HTTP port, which is named like its listener. It holds no ':' and no '/'. */
export function httpTableName(port: number): string {
  return listenerName("http", port);
}

/** The route table of one TLS listener of a port. It holds no ':' and no '/'. */
export function httpsTableName(port: number, hostname: Hostname): string {
  return `${listenerName("https", port)}-${hostname === everyHost ? "*" : hostname}`;
}

/** The cluster of a Service port: `namespace/name/port`, with the protocol behind it unless that is HTTP/1.1. */
export function clusterName({ service, port, protocol }: Omit<ClusterAddress, "name">): string {
  return protocol === "http1" ? `${service}/${port}` : `${service}/${port}/${protocol}`;
}

/** The cluster of the same Service port for connections that are TLS already. */
export function passthroughClusterName(cluster: string): string {
  return clusterName({ ...parseClusterName(cluster), protocol: "passthrough" });
}

/** Splits what {@link clusterName} joined. */
export function parseClusterName(name: string): ClusterAddress {
  const [namespace, service, port, protocol] = name.split("/");
  return {
    name,
    service: namespacedName(namespace, service ?? ""),
    port: Number(port),
    protocol: otherProtocols.find((known) => known === protocol) ?? "http1",
  };
}

/** What stands behind the port in the name of a cluster, where it is not HTTP/1.1. */
const otherProtocols = ["http2", "tcp", "passthrough", "udp"] as const satisfies readonly ClusterAddress["protocol"][];

/** A cluster that exists nowhere: the share of a rule's requests that is meant for an invalid backend fails. */
export const invalidBackendCluster = "invalid-backend";

/** The cluster of the rule of a UDPRoute, with the endpoints of all its Services: `udproute/namespace/name/rule/0`. */
export function datagramClusterName(route: ObjectKey): string {
  return routeName(route, { index: 0 });
}

/** Whether a cluster is that of a UDPRoute. */
export function isDatagramCluster(name: string): boolean {
  const named = parseRouteName(name);
  return named !== undefined && parseObjectKey(named.route).kind === "UDPRoute";
}

/** The SDS name of a Secret. */
export function secretName(secret: NamespacedName): string {
  return secret;
}

/** The SDS name of the authorities that ConfigMaps (namespace/name, sorted) hold together: `ca/ns/a+ns/b`. */
export function caSecretName(configMaps: readonly NamespacedName[]): string {
  return `${authoritiesPrefix}${configMaps.join("+")}`;
}

/** The ConfigMaps that {@link caSecretName} joined; undefined for the name of a Secret, in which there is one '/' only. */
export function parseCaSecretName(name: string): readonly NamespacedName[] | undefined {
  if (!name.startsWith(authoritiesPrefix)) return undefined;
  const joined = name.slice(authoritiesPrefix.length);
  // The parts were made by namespacedName; '+' occurs in none.
  return joined.includes("/") ? (joined.split("+") as NamespacedName[]) : undefined;
}

const authoritiesPrefix = "ca/";

/** The name that access logs tell: `httproute/namespace/name/rule/0`, with the rule's own name behind it if it has one. */
export function routeName(route: ObjectKey, rule: Pick<RouteRule, "index" | "name">): string {
  const { kind, name } = parseObjectKey(route);
  const base = `${kind.toLowerCase()}/${name}/rule/${rule.index}`;
  return rule.name === undefined ? base : `${base}/${rule.name}`;
}

/** The route and the rule that {@link routeName} was made from; undefined for routes that are no rule's. */
export function parseRouteName(name: string): { readonly route: ObjectKey; readonly rule: number } | undefined {
  const [kind, namespace, route, word, index = ""] = name.split("/");
  const found = kindNames.find((each) => each.toLowerCase() === kind);
  if (found === undefined || namespace === undefined || !route || word !== "rule" || !/^\d+$/.test(index))
    return undefined;
  return { route: objectKey(found, namespacedName(namespace, route)), rule: Number(index) };
}

/** The scope and the table of one hostname of a table that is cut by hostname; `*` is the rest. */
export function scopeName(table: string, hostname: Hostname | "*"): string {
  return `${table}/${hostname}`;
}
