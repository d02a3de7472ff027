import type { Transform } from "../collection/collection.ts";
import { type Condition, conditionFalse } from "../core/conditions.ts";
import { everyHost, type Hostname } from "../core/hostname.ts";
import { type ObjectKey, parseNamespacedName, parseObjectKey } from "../core/keys.ts";
import type { RouteEntry, VirtualHost } from "./nodes.ts";
import { findShadowed } from "./overlap.ts";
import type { AttachedHost, Attachment, BoundRoute, ParentBinding, RouteRule } from "./route-nodes.ts";
import { matchId } from "./table-routes.ts";
import { virtualHostKey } from "./virtual-host-key.ts";

/** The matches of one route that are never reached under one hostname of one table. */
export interface RouteShadows {
  readonly route: ObjectKey;
  /** The {@link virtualHostKey} of the hostname. */
  readonly host: string;
  /** By the match's id, see {@link RouteEntry}. */
  readonly matches: ReadonlyMap<string, Shadow>;
}

/** Who answers instead, as the loser may be told, and what decided. */
export interface Shadow {
  readonly by: string;
  readonly criterion: string;
}

/** Splits what is never reached under a hostname by route. Keyed by virtual host and route. */
export const findRouteShadows: Transform<VirtualHost, RouteShadows> = (_read, host, { entries }) => {
  const byRoute = new Map<ObjectKey, Map<string, Shadow>>();
  for (const { entry, by, criterion } of findShadowed(entries)) {
    // That one match of a rule says what another one of it says is no news to anybody.
    if (by.route === entry.route && by.rule === entry.rule) continue;
    const matches = byRoute.get(entry.route) ?? new Map<string, Shadow>();
    byRoute.set(entry.route, matches.set(entry.id, { by: describeWinner(by, entry), criterion }));
  }
  return [...byRoute].map(([route, matches]) => [`${host}|${route}`, { route, host, matches }]);
};

/** Tells a route's owner about rules that it can never reach through a parent; undefined when there are none. */
export function unreachableRules(
  route: BoundRoute,
  { attachments }: ParentBinding,
  shadows: readonly RouteShadows[],
): Condition | undefined {
  if (shadows.length === 0) return undefined;
  const byHost = new Map(shadows.map(({ host, matches }) => [host, matches]));
  const places = placesByHostname(attachments);
  const hostsByFinding = new Map<string, Set<Hostname>>();
  for (const rule of route.rules) {
    for (const [hostname, at] of places) {
      for (const { what, why } of findings(rule, at, byHost)) {
        const key = JSON.stringify([what, why]);
        hostsByFinding.set(key, (hostsByFinding.get(key) ?? new Set()).add(hostname));
      }
    }
  }
  if (hostsByFinding.size === 0) return undefined;
  const sentences = [...hostsByFinding].map(([key, hosts]) => {
    const [what, why] = JSON.parse(key) as readonly [string, string]; // written above
    return `${what} is never reached on ${listed([...hosts].map(showHost))}: ${why}`;
  });
  const message = listed(sentences, "; ");
  return conditionFalse("gatehouse.dev/RulesReachable", route.generation, { reason: "RuleShadowed", message });
}

/** Where a route stands with one hostname: in each table that it is served in through a parent. */
interface Place {
  readonly key: string;
  readonly withheld: AttachedHost["withheld"];
}

function placesByHostname(attachments: readonly Attachment[]): ReadonlyMap<Hostname, readonly Place[]> {
  const places = new Map<Hostname, Place[]>();
  for (const attachment of attachments) {
    if (!attachment.served) continue;
    for (const { hostname, withheld } of attachment.hosts) {
      const list = places.get(hostname) ?? [];
      places.set(hostname, list);
      list.push({ key: virtualHostKey(attachment, hostname), withheld });
    }
  }
  return places;
}

type ShadowsByHost = ReadonlyMap<string, ReadonlyMap<string, Shadow>>;

/** What of a rule is never reached under a hostname: all of it, or some of its matches. */
function findings(
  rule: RouteRule,
  places: readonly Place[],
  shadows: ShadowsByHost,
): readonly { readonly what: string; readonly why: string }[] {
  const served = rule.matches
    .map((_match, index) => ({
      index,
      at: places.filter(({ withheld }) => !withheld?.has(matchId(rule.index, index))),
    }))
    .filter(({ at }) => at.length > 0);
  const shadowed = served.flatMap(({ index, at }) => {
    const found = at.map(({ key }) => shadows.get(key)?.get(matchId(rule.index, index)));
    const [first] = found;
    return first === undefined || found.includes(undefined) ? [] : [{ index, why: explain(first) }];
  });
  const name = rule.name === undefined ? `${rule.index}` : `${rule.index} ('${rule.name}')`;
  const [first] = shadowed;
  if (first !== undefined && shadowed.length === served.length) return [{ what: `Rule ${name}`, why: first.why }];
  return shadowed.map(({ index, why }) => ({ what: `Match ${index} of rule ${name}`, why }));
}

function explain({ by, criterion }: Shadow): string {
  return `${by} comes first (${criterion})`;
}

/** Names nothing of another namespace. */
function describeWinner(winner: RouteEntry, loser: RouteEntry): string {
  if (winner.route === loser.route) return `rule ${winner.rule} of this route`;
  if (winner.namespace !== loser.namespace) return "a route of another namespace";
  return `another route of this namespace (${parseNamespacedName(parseObjectKey(winner.route).name).name})`;
}

function showHost(hostname: Hostname): string {
  return hostname === everyHost ? "every host" : hostname;
}

const mostListed = 8;

function listed(items: readonly string[], separator = ", "): string {
  const more = items.length > mostListed ? [`and ${items.length - mostListed} more`] : [];
  return [...items.slice(0, mostListed), ...more].join(separator);
}
