import type { Transform } from "../collection/collection.ts";
import type { Hostname } from "../core/hostname.ts";
import { gatewayResourceKey } from "../core/keys.ts";
import { printRoutes, type RouteContext } from "./envoy/route.ts";
import type { RouteEntry, TableRoutes } from "./nodes.ts";
import { hostnameOrder, matchOrder } from "./precedence.ts";
import type { RouteRefusals } from "./quarantine/declare.ts";
import { readRefusals, servedRules } from "./quarantine/served-rules.ts";
import type { AttachedHost, Attachment, BoundRoute, RouteRule } from "./route-nodes.ts";

/** Prints a route once for each table in which it answers. Keyed by route and table. */
export function buildTableRoutes(refusals: RouteRefusals): Transform<BoundRoute, TableRoutes> {
  return (read, _key, route) => {
    const served = route.parents.flatMap(({ attachments }) => attachments).filter((attachment) => attachment.served);
    const byTable = Map.groupBy(served, ({ gateway, table }) => gatewayResourceKey(gateway, table));
    return [...byTable].flatMap(([table, attachments]): readonly (readonly [string, TableRoutes])[] => {
      const [first] = attachments;
      const hosts = distinctHosts(attachments);
      if (first === undefined || hosts.length === 0) return [];
      const context: RouteContext = { route: route.key, port: first.port, scheme: first.scheme };
      const rules = servedRules(route, readRefusals(read, refusals, { route, gateway: first.gateway }));
      const routes: TableRoutes = {
        kind: "routes",
        route: route.key,
        namespace: route.namespace,
        gateway: first.gateway,
        table: first.table,
        hosts,
        entries: rules.flatMap((rule) => ruleEntries(route, rule, context)),
        clusters: [...new Set(rules.flatMap(ruleClusters))].sort(),
      };
      return [[`${route.key}|${table}`, routes]];
    });
  };
}

/**
 * Several listeners of one table, several parentRefs, or several hostnames of the route may lead to the same host. The most
 * specific hostname that does gives the route its place there: its entries under another one would never be reached.
 */
function distinctHosts(attachments: readonly Attachment[]): readonly AttachedHost[] {
  const hosts = new Map<Hostname, AttachedHost>();
  for (const host of attachments.flatMap((attachment) => attachment.hosts)) {
    const known = hosts.get(host.hostname);
    if (known === undefined || hostnameOrder(host.written) < hostnameOrder(known.written))
      hosts.set(host.hostname, host);
  }
  return [...hosts.values()];
}

function ruleEntries(route: BoundRoute, rule: RouteRule, context: RouteContext): readonly RouteEntry[] {
  const clusters = ruleClusters(rule);
  const isAsWritten = route.rules.includes(rule);
  return rule.matches.map((match, matchIndex) => ({
    order: matchOrder({ match, createdAt: route.createdAt, route: route.key, ruleIndex: rule.index, matchIndex }),
    route: route.key,
    namespace: route.namespace,
    createdAt: route.createdAt,
    id: matchId(rule.index, matchIndex),
    rule: rule.index,
    match,
    ...(rule.upgradesToHttps === true && { upgradesToHttps: true }),
    ...(!isAsWritten && { servedAs: rule }),
    clusters,
    routes: printRoutes(rule, match, context),
  }));
}

/** Names a match within its route. */
export function matchId(rule: number, match: number): string {
  return `${rule}.${match}`;
}

function ruleClusters({ filters, backends, broken }: RouteRule): readonly string[] {
  if (broken !== undefined) return [];
  const used = backends.flatMap((backend) => (backend.kind === "cluster" ? [backend] : []));
  const mirrors = [filters, ...used.map((backend) => backend.filters)].flatMap((each) => each.mirrors);
  return [...used, ...mirrors].map(({ cluster }) => cluster);
}
