/** Which Envoy resources carry what an object comes to, as the translation stands. */
import { gatewayResourceKey, isRouteKind, type NamespacedName, type ObjectKey, parseObjectKey } from "../core/keys.ts";
import type { ResourceType } from "../core/xds-resource.ts";
import {
  caSecretName,
  datagramClusterName,
  http3ListenerName,
  isDatagramCluster,
  parseCaSecretName,
} from "../translate/envoy/names.ts";
import { envoyListenerName } from "../translate/envoy-listener.ts";
import type { ParentListener, RouteParent } from "../translate/nodes.ts";
import type { RoutingView } from "../translate/pipeline.ts";
import { carriesRequests } from "../translate/protocol-support.ts";
import type { Attachment, BoundRoute } from "../translate/route-nodes.ts";
import { virtualHostKey } from "../translate/virtual-host-key.ts";
import type { ResourceTable } from "../xds/resource-table.ts";
import { placeOfHost } from "./host-place.ts";

/** One resource of the proxies of a Gateway. */
export interface Carrier {
  readonly gateway: NamespacedName;
  readonly type: ResourceType;
  readonly name: string;
}

/**
 * Whether a resource carries objects. Clusters and the rest are there before what names them, save where datagrams go: all that
 * a UDPRoute says of its backends is in the one cluster that its listener names; and save what policies say.
 */
export function isCarrier({ backendTls, clusters }: PolicySources, { gateway, type, name }: Carrier): boolean {
  if (type === "secret") return backendTls.policies.size > 0 && parseCaSecretName(name) !== undefined;
  if (type === "cluster" && clusters.get(gatewayResourceKey(gateway, name))?.tls !== undefined) return true;
  if (type === "cluster" || type === "endpoint") return isDatagramCluster(name);
  return type === "listener" || type === "scope" || type === "route";
}

type PolicySources = Pick<RoutingView, "backendTls" | "clusters">;

export interface CarrierSources {
  readonly view: RoutingView;
  readonly table: Pick<ResourceTable, "entry">;
}

/** The resources that carry an object; none where it is not served. */
export function carriersOf(sources: CarrierSources, object: ObjectKey): readonly Carrier[] {
  const { view } = sources;
  if (isRouteKind(parseObjectKey(object).kind)) {
    const route = view.routes.get(object);
    return route === undefined ? [] : routeCarriers(sources, route);
  }
  if (parseObjectKey(object).kind === "BackendTLSPolicy") return policyCarriers(sources, parseObjectKey(object).name);
  const parent = view.parents.get(object);
  return parent === undefined ? [] : listenerCarriers(sources, parent);
}

/** Requests are answered by tables, connections and datagrams by the listener to which they come. */
function routeCarriers(sources: CarrierSources, { key, parents, layer4 }: BoundRoute): readonly Carrier[] {
  const served = parents.flatMap(({ attachments }) => attachments.filter((attachment) => attachment.served));
  if (layer4 !== undefined) return layer4Carriers(sources, key, served);
  const hosts = served.flatMap((attachment) =>
    attachment.hosts.map(({ hostname }) => virtualHostKey(attachment, hostname)),
  );
  return hostCarriers(sources, hosts);
}

function layer4Carriers(
  { table: resources }: CarrierSources,
  route: ObjectKey,
  served: readonly Attachment[],
): readonly Carrier[] {
  const found = new Map<string, Carrier>();
  for (const { gateway, table, hosts } of served) {
    if (hosts.length === 0) continue;
    add(found, { gateway, type: "listener", name: table });
    if (parseObjectKey(route).kind !== "UDPRoute") continue;
    const name = datagramClusterName(route);
    // A route that has lost its port to another one has no cluster.
    for (const type of ["cluster", "endpoint"] as const) {
      if (resources.entry(gateway, type, name) !== undefined) add(found, { gateway, type, name });
    }
  }
  return [...found.values()];
}

/** The resources in which hostnames are answered, by virtualHostKey; each once. */
export function hostCarriers({ table }: CarrierSources, hosts: Iterable<string>): readonly Carrier[] {
  const found = new Map<string, Carrier>();
  for (const host of new Set(hosts)) {
    const { gateway, name, scope } = placeOfHost(table, host);
    add(found, { gateway, type: "route", name });
    if (scope !== undefined) add(found, { gateway, type: "scope", name: scope });
  }
  return [...found.values()];
}

/** A policy is said by clusters, and by the authorities without which they are not used. */
function policyCarriers({ view, table }: CarrierSources, policy: NamespacedName): readonly Carrier[] {
  const found = new Map<string, Carrier>();
  for (const node of view.backendTls.clusters.get(policy)?.values() ?? []) {
    const { gateway, name, tls } = node;
    add(found, { gateway, type: "cluster", name });
    const authorities = tls?.kind === "tls" ? tls.settings.authorities : undefined;
    if (authorities?.kind !== "configMaps") continue;
    const secret = caSecretName(authorities.names);
    if (table.entry(gateway, "secret", secret) !== undefined) add(found, { gateway, type: "secret", name: secret });
  }
  return [...found.values()];
}

/** What the listeners of a Gateway or a ListenerSet come to, apart from routes: the same text, the same resources. */
export function printListeners({ gateway, listeners }: RouteParent): string {
  const told = ({ name, port, protocol, hostname, served, standing }: ParentListener) =>
    [name, port, protocol, hostname, served, standing].join(" ");
  return [gateway, ...listeners.map(told)].join("\n");
}

/** Names a resource among those of all Gateways and types. */
export function carrierKey({ gateway, type, name }: Carrier): string {
  return gatewayResourceKey(gateway, `${type}:${name}`);
}

function listenerCarriers(sources: CarrierSources, { gateway, listeners }: RouteParent): readonly Carrier[] {
  const served = listeners.filter((listener) => listener.served);
  const overQuic = served
    .map(({ port }) => http3ListenerName(port))
    .filter((name) => sources.table.entry(gateway, "listener", name) !== undefined);
  const ports = new Set([...served.map(envoyListenerName), ...overQuic]);
  const reading = served.filter(carriesRequests);
  const hosts = reading.map(({ table, hostname }) => virtualHostKey({ gateway, table }, hostname));
  return [
    ...Array.from(ports, (name): Carrier => ({ gateway, type: "listener", name })),
    ...hostCarriers(sources, hosts),
  ];
}

function add(found: Map<string, Carrier>, carrier: Carrier): void {
  found.set(carrierKey(carrier), carrier);
}
