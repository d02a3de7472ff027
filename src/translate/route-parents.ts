/** What routes see of the Gateways and ListenerSets that they may name as their parents. */
import type { Transform } from "../collection/collection.ts";
import type { Hostname } from "../core/hostname.ts";
import { type ObjectKey, objectKey, parseObjectKey } from "../core/keys.ts";
import { httpsTableName, httpTableName } from "./envoy/names.ts";
import { isAcceptable } from "./listener.ts";
import type { GatewayNode, Listener, OwnershipPolicy, ParentListener, RouteParent } from "./nodes.ts";
import { protocolSupport } from "./protocol-support.ts";

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

/** The hostnames that hold a port, sorted. A listener without its certificate holds its hostname too: see isAcceptable. */
export function hostnamesByPort(listeners: readonly Listener[]): ReadonlyMap<number, readonly Hostname[]> {
  const ports = Map.groupBy(listeners.filter(isAcceptable), ({ port }) => port);
  return new Map([...ports].map(([port, group]) => [port, [...new Set(group.map(({ hostname }) => hostname))].sort()]));
}

/** The route table that a listener's requests are looked up in. */
export function tableOf({ port, protocol, hostname }: Pick<Listener, "port" | "protocol" | "hostname">): string {
  return protocolSupport(protocol)?.terminatesTls === true ? httpsTableName(port, hostname) : httpTableName(port);
}

function parentListener(
  listener: Listener,
  holders: ReadonlyMap<number, readonly Hostname[]>,
  ownership: OwnershipPolicy,
): ParentListener {
  const { key, name, namespace, port, protocol, hostname, allowedNamespaces, supportedKinds, served } = listener;
  const siblings = (holders.get(port) ?? []).filter((other) => other !== hostname);
  const table = tableOf(listener);
  const own = { key, name, namespace, port, protocol, hostname, allowedNamespaces, supportedKinds, served };
  const isOfSet = parseObjectKey(listener.parent).kind === "ListenerSet";
  const standing = listener.pending === true ? "pending" : isAcceptable(listener) ? "accepted" : "refused";
  return { ...own, table, siblings, ownership, standing, ...(isOfSet && { hostNamespace: namespace }) };
}
