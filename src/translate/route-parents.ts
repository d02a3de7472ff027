/** What routes see of the Gateways and ListenerSets that they may name as their parents. */
import type { Transform } from "../collection/collection.ts";
import type { Hostname } from "../core/hostname.ts";
import { type ObjectKey, objectKey, parseObjectKey } from "../core/keys.ts";
import { httpsTableName, httpTableName, listenerName } from "./envoy/names.ts";
import { isAcceptable } from "./listener.ts";
import type { GatewayNode, Listener, OwnershipPolicy, ParentListener, RouteParent } from "./nodes.ts";
import { carriesRequests, endsTls, portKey, portScheme } from "./protocol-support.ts";

/**
 * Gives the parents of a Gateway: itself and every ListenerSet that names it. One that the Gateway does not admit is
 * there without listeners, so that a route that names it is told that nothing matches.
 */
export const routeParents: Transform<GatewayNode, RouteParent> = (_read, _key, node) => {
  const holders = hostnamesByPort(node.listeners);
  const parents: readonly ObjectKey[] = [objectKey("Gateway", node.key), ...node.listenerSets.map(({ key }) => key)];
  const byParent = Map.groupBy(node.listeners, ({ parent }) => parent);
  return parents.map((key): readonly [ObjectKey, RouteParent] => {
    const listeners = (byParent.get(key) ?? []).map((listener) => parentListener(listener, holders, node.ownership));
    return [key, { gateway: node.key, listeners }];
  });
};

/** The hostnames that hold a port, sorted, by {@link portKey}. A listener without its certificate holds its hostname too: see isAcceptable. */
export function hostnamesByPort(listeners: readonly Listener[]): ReadonlyMap<string, readonly Hostname[]> {
  const ports = Map.groupBy(listeners.filter(isAcceptable), portKey);
  return new Map([...ports].map(([port, group]) => [port, [...new Set(group.map(({ hostname }) => hostname))].sort()]));
}

/** The route table that a listener's requests are looked up in; the Envoy listener of one that has none. */
export function tableOf({ port, protocol, hostname }: Pick<Listener, "port" | "protocol" | "hostname">): string {
  if (!carriesRequests({ protocol })) return listenerName(portScheme(protocol), port);
  return endsTls({ protocol }) ? httpsTableName(port, hostname) : httpTableName(port);
}

function parentListener(
  listener: Listener,
  holders: ReadonlyMap<string, readonly Hostname[]>,
  ownership: OwnershipPolicy,
): ParentListener {
  const { key, name, namespace, port, protocol, tlsMode, hostname } = listener;
  const { allowedNamespaces, supportedKinds, served } = listener;
  const siblings = (holders.get(portKey(listener)) ?? []).filter((other) => other !== hostname);
  const table = tableOf(listener);
  const own = { key, name, namespace, port, protocol, hostname, allowedNamespaces, supportedKinds, served };
  const ends = tlsMode === undefined ? {} : { tlsMode };
  const isOfSet = parseObjectKey(listener.parent).kind === "ListenerSet";
  const standing = listener.pending === true ? "pending" : isAcceptable(listener) ? "accepted" : "refused";
  return { ...own, ...ends, table, siblings, ownership, standing, ...(isOfSet && { hostNamespace: namespace }) };
}
