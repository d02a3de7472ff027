/** Which routes that forward what comes to them as it is are never reached, because another one has their place. */
import type { Transform } from "../collection/collection.ts";
import { type Condition, conditionFalse } from "../core/conditions.ts";
import { everyHost, type Hostname } from "../core/hostname.ts";
import { type ObjectKey, parseNamespacedName, parseObjectKey } from "../core/keys.ts";
import { placeWinners } from "./layer4/place-winners.ts";
import { hostnameOrder } from "./precedence.ts";
import type { AttachedHost, BoundRoute, ParentBinding, PortRoutes } from "./route-nodes.ts";

/** The route that has one name of a listener: every connection or datagram for that name is its. */
export interface Layer4Winner {
  readonly route: ObjectKey;
  readonly namespace: string;
  readonly createdAt: string;
  /** The hostname as it is written in the route. */
  readonly written: Hostname;
}

/** Names a place for which routes may compete: a server name of a listener, or all of a listener that knows none. */
export function layer4Place(listener: string, hostname: Hostname): string {
  return `${listener} ${hostname}`;
}

/** Index keys of a route: the places that it asks for. */
export function layer4Places({ places }: PortRoutes): readonly string[] {
  return places.flatMap(({ listener, hosts }) => hosts.map(({ hostname }) => layer4Place(listener, hostname)));
}

/** Finds who has a place. Keyed by {@link layer4Place}. */
export const findLayer4Winner: Transform<ReadonlyMap<string, PortRoutes>, Layer4Winner> = (_read, key, members) => {
  const space = key.lastIndexOf(" ");
  const [listener, name] = [key.slice(0, space), key.slice(space + 1)];
  const place = placeWinners(listener, [...members.values()]).find(({ hostname }) => hostname === name);
  const [winner] = place?.routes ?? [];
  if (winner === undefined) return [];
  const { route, namespace, createdAt, places } = winner;
  const hosts = places.flatMap((each) => (each.listener === listener ? each.hosts : []));
  const written = hosts.find(({ hostname }) => hostname === name)?.written ?? everyHost;
  return [[key, { route, namespace, createdAt, written }]];
};

/** What put one route before another for a place, in the specification's words. Names no object. */
export function layer4Criterion(
  winner: Pick<Layer4Winner, "createdAt" | "written">,
  loser: Pick<Layer4Winner, "createdAt" | "written">,
): string {
  if (hostnameOrder(winner.written) !== hostnameOrder(loser.written)) return "a more specific hostname";
  return winner.createdAt !== loser.createdAt ? "an older route" : "the name that sorts first";
}

/** Tells the owner of a route under which names of a parent nothing ever comes to it; undefined where all does. */
export function unreachedPlaces(
  route: BoundRoute,
  { attachments }: ParentBinding,
  winnerOf: (place: string) => Layer4Winner | undefined,
): Condition | undefined {
  const byHostname = new Map<Hostname, (Layer4Winner & { readonly own: AttachedHost })[]>();
  const reached = new Set<Hostname>();
  for (const { listener, served, hosts } of attachments) {
    for (const own of served ? hosts : []) {
      const winner = winnerOf(layer4Place(listener, own.hostname));
      if (winner === undefined || winner.route === route.key) reached.add(own.hostname);
      else byHostname.set(own.hostname, [...(byHostname.get(own.hostname) ?? []), { ...winner, own }]);
    }
  }
  const sentences = [...byHostname].flatMap(([hostname, [first]]) =>
    first === undefined || reached.has(hostname) ? [] : [sentence(route, hostname, first)],
  );
  if (sentences.length === 0) return undefined;
  const shown = sentences.slice(0, mostListed);
  const more = sentences.length > mostListed ? [`and ${sentences.length - mostListed} more`] : [];
  const message = [...shown, ...more].join("; ");
  return conditionFalse("gatehouse.dev/RulesReachable", route.generation, { reason: "RuleShadowed", message });
}

const mostListed = 8;

function sentence(
  route: BoundRoute,
  hostname: Hostname,
  winner: Layer4Winner & { readonly own: AttachedHost },
): string {
  const traffic = parseObjectKey(route.key).kind === "UDPRoute" ? "datagram" : "connection";
  const where = hostname === everyHost ? "" : ` for ${hostname}`;
  const criterion = layer4Criterion(winner, { createdAt: route.createdAt, written: winner.own.written });
  return `No ${traffic}${where} ever comes to it: ${nameWinner(winner, route)} comes first (${criterion})`;
}

/** Names nothing of another namespace. */
function nameWinner(winner: Layer4Winner, route: BoundRoute): string {
  if (winner.namespace !== route.namespace) return "a route of another namespace";
  return `another route of this namespace (${parseNamespacedName(parseObjectKey(winner.route).name).name})`;
}
