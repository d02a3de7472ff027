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
import type { ClusterNode, RouteRule } from "../nodes.ts";

/** The Envoy listener of a port: `http-80`, `https-443`. */
export function listenerName(scheme: "http" | "https", port: number): string {
  return `${scheme}-${port}`;
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
export function clusterName({ service, port, protocol }: Omit<ClusterNode, "name">): string {
  return protocol === "http1" ? `${service}/${port}` : `${service}/${port}/${protocol}`;
}

/** Splits what {@link clusterName} joined. */
export function parseClusterName(name: string): ClusterNode {
  const [namespace, service, port, protocol] = name.split("/");
  return {
    name,
    service: namespacedName(namespace, service ?? ""),
    port: Number(port),
    protocol: protocol === "http2" ? "http2" : "http1",
  };
}

/** A cluster that exists nowhere: the share of a rule's requests that is meant for an invalid backend answers 500. */
export const invalidBackendCluster = "invalid-backend";

/** The SDS name of a Secret. */
export function secretName(secret: NamespacedName): string {
  return secret;
}

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
