/** Which routes forward the connections or datagrams of which Envoy listener. */
import type { Transform } from "../../collection/collection.ts";
import type { Hostname } from "../../core/hostname.ts";
import { gatewayResourceKey, parseObjectKey } from "../../core/keys.ts";
import { passthroughClusterName } from "../envoy/names.ts";
import { hostnameOrder } from "../precedence.ts";
import type { RouteRefusals } from "../quarantine/declare.ts";
import { readRefusals, servedLayer4 } from "../quarantine/served-rules.ts";
import type { AttachedHost, Attachment, BoundRoute, Layer4Rule, PortRoutes } from "../route-nodes.ts";

/** Gives a route once for each Envoy listener in which it has a place. Keyed by route and Envoy listener. */
export function buildPortRoutes(refusals: RouteRefusals): Transform<BoundRoute, PortRoutes> {
  return (read, _key, route) => {
    const { layer4 } = route;
    if (layer4 === undefined) return [];
    const attachments = route.parents.flatMap((parent) => parent.attachments.filter(({ served }) => served));
    const byListener = Map.groupBy(attachments, ({ gateway, table }) => gatewayResourceKey(gateway, table));
    return [...byListener].flatMap(([listener, members]): readonly (readonly [string, PortRoutes])[] => {
      const [first] = members;
      const places = placesOf(members);
      if (first === undefined || places.length === 0) return [];
      const rule = servedLayer4(route, layer4, readRefusals(read, refusals, { route, gateway: first.gateway }));
      const routes: PortRoutes = {
        route: route.key,
        namespace: route.namespace,
        createdAt: route.createdAt,
        gateway: first.gateway,
        envoyListener: first.table,
        places,
        rule,
        clusters: clustersOf(route, rule, places),
      };
      return [[`${route.key}|${listener}`, routes]];
    });
  };
}

/** The Envoy listener of a route, for the index of routes by listener. */
export function portRouteKeys({ gateway, envoyListener }: PortRoutes): readonly string[] {
  return [gatewayResourceKey(gateway, envoyListener)];
}

function placesOf(attachments: readonly Attachment[]): PortRoutes["places"] {
  return [...Map.groupBy(attachments, ({ listener }) => listener)]
    .map(([listener, members]) => ({
      listener,
      ...(members.some(({ passesTls }) => passesTls === true) && ({ passesTls: true } as const)),
      hosts: distinctHosts(members.flatMap(({ hosts }) => hosts)),
    }))
    .filter(({ hosts }) => hosts.length > 0);
}

/** Several parentRefs or hostnames of the route may lead to one name: the most specific gives it its place there. */
function distinctHosts(hosts: readonly AttachedHost[]): readonly AttachedHost[] {
  const distinct = new Map<Hostname, AttachedHost>();
  for (const host of hosts) {
    const known = distinct.get(host.hostname);
    if (known === undefined || hostnameOrder(host.written) < hostnameOrder(known.written))
      distinct.set(host.hostname, host);
  }
  return [...distinct.values()];
}

/** Envoy gives datagrams no weights: they go to one cluster of the route, which has the endpoints of all its Services. */
function clustersOf({ key }: BoundRoute, { backends }: Layer4Rule, places: PortRoutes["places"]): readonly string[] {
  if (parseObjectKey(key).kind === "UDPRoute") return [];
  const named = backends.flatMap((backend) => (backend.kind === "cluster" ? [backend.cluster] : []));
  const ended = places.some(({ passesTls }) => passesTls !== true) ? named : [];
  const passed = places.some(({ passesTls }) => passesTls === true) ? named.map(passthroughClusterName) : [];
  return [...new Set([...ended, ...passed])].sort();
}
