/** Which of several routes has a server name, or a port: the rule of precedence for what is forwarded as it is. */
import type { Hostname } from "../../core/hostname.ts";
import { hostnameOrder } from "../precedence.ts";
import type { Layer4Place, PortRoutes } from "../route-nodes.ts";

/** One name of a listener with the routes that ask for it, the one that has it first. */
export interface PlaceWinners {
  readonly hostname: Hostname;
  readonly routes: readonly PortRoutes[];
}

/**
 * Lists the names of a listener that routes ask for, sorted; where nothing tells traffic apart, the only one is that of every
 * host. The more specific hostname written in a route counts first, then its age, then its name.
 */
export function placeWinners(listener: string, portRoutes: readonly PortRoutes[]): readonly PlaceWinners[] {
  const byHostname = new Map<Hostname, Asking[]>();
  for (const { route, place } of placesByListener(portRoutes).get(listener) ?? []) {
    for (const { hostname, written } of place.hosts) {
      const asking = byHostname.get(hostname);
      if (asking === undefined) byHostname.set(hostname, [{ route, written }]);
      else asking.push({ route, written });
    }
  }
  return [...byHostname.keys()]
    .sort()
    .map((hostname) => ({ hostname, routes: inOrder(byHostname.get(hostname) ?? []) }));
}

interface Asking {
  readonly route: PortRoutes;
  readonly written: Hostname;
}

/** Most names are asked for by one route. */
function inOrder(asking: readonly Asking[]): readonly PortRoutes[] {
  if (asking.length === 1) return asking.map(({ route }) => route);
  return asking
    .map(({ route, written }) => ({ order: [hostnameOrder(written), route.createdAt, route.route].join(" "), route }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ route }) => route);
}

interface PlaceOfRoute {
  readonly route: PortRoutes;
  readonly place: Layer4Place;
}

/** A port may have as many listeners as routes: each would else look at all routes of the port. */
function placesByListener(portRoutes: readonly PortRoutes[]): ReadonlyMap<string, readonly PlaceOfRoute[]> {
  const found = known.get(portRoutes);
  if (found !== undefined) return found;
  const places = portRoutes.flatMap((route) => route.places.map((place): PlaceOfRoute => ({ route, place })));
  const byListener = Map.groupBy(places, ({ place }) => place.listener);
  known.set(portRoutes, byListener);
  return byListener;
}

const known = new WeakMap<readonly PortRoutes[], ReadonlyMap<string, readonly PlaceOfRoute[]>>();
