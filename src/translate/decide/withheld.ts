import type { ExplainedRefusal, WithheldMatch } from "../../core/explanation.ts";
import type { HttpPathMatch } from "../../core/gateway-api.ts";
import { covers, type Hostname, wildcardsAbove } from "../../core/hostname.ts";
import type { NamespacedName } from "../../core/keys.ts";
import { type Holding, hostnameRecordKey, type OwnershipRefusal } from "../../core/ownership.ts";
import type { RouteEntry, RouteTable } from "../nodes.ts";
import { describeRefusal } from "../ownership/messages.ts";
import type { RoutingView } from "../pipeline.ts";
import type { BoundRoute, RouteRule } from "../route-nodes.ts";
import { matchId } from "../table-routes.ts";
import type { FoundHost } from "./find-host.ts";
import { matchesRequest } from "./matches-request.ts";
import { objectName, showHostname } from "./object-name.ts";
import type { ReadRequest } from "./read-request.ts";
import { explainMatch, type FittingEntry } from "./rivals.ts";

/** Where a request was looked up. */
export interface LookedUp {
  readonly gateway: NamespacedName;
  readonly table: RouteTable;
  readonly request: ReadRequest;
}

/** A refusal as explanations tell it. */
export function explainRefusal(refusal: OwnershipRefusal, enforced: boolean): ExplainedRefusal {
  const { hostname, path, criterion, holder } = refusal;
  return {
    hostname,
    ...(path && { path }),
    criterion,
    message: describeRefusal(refusal),
    enforced,
    ...(holder?.object !== undefined && { holder: objectName(holder.object) }),
  };
}

/**
 * Matches that fit a request and are withheld from their routes under its host, by what binding has said. Looks at every route
 * that was refused something.
 */
export function withheldMatches(view: RoutingView, at: LookedUp): readonly WithheldMatch[] {
  const found: WithheldMatch[] = [];
  for (const [, route] of view.routes.entries()) {
    const refusals = refusalsAt(view, route, at);
    if (refusals.length === 0) continue;
    for (const rule of route.rules) found.push(...withheldOf(route, rule, { refusals, at }));
  }
  return found.sort((a, b) => compare(keyOf(a), keyOf(b)));
}

/** An entry of a wider hostname that may not answer a host because somebody else holds that; undefined when nobody does. */
export function heldElsewhere(
  view: RoutingView,
  { gateway, request, found }: LookedUp & { readonly found: FoundHost | undefined },
  fitting: FittingEntry,
): WithheldMatch | undefined {
  if (view.gateways.get(gateway)?.ownership.mode !== "Enforce") return undefined;
  const holding = nearestHolding(view, request.host);
  if (holding === undefined || holding.namespace === fitting.entry.namespace) return undefined;
  if (!covers(fitting.host.hostname, holding.hostname)) return undefined;
  // Where routes of the holder answer, theirs is simply the more specific hostname.
  if (found?.kind === "host" && found.host.entries.some(({ namespace }) => namespace === holding.namespace))
    return undefined;
  const criterion = holding.hostname === request.host ? "ClaimedFirst" : "CoveredByWildcard";
  const { namespace, object } = holding;
  const refusal = explainRefusal({ hostname: request.host, criterion, holder: { namespace, object } }, true);
  return { ...explainMatch(view, fitting), refusal };
}

function nearestHolding({ holdings }: RoutingView, host: Hostname): Holding | undefined {
  for (const name of [host, ...wildcardsAbove(host)]) {
    const holding = holdings.get(hostnameRecordKey(name));
    if (holding !== undefined) return holding;
  }
  return undefined;
}

/** What a route was refused of the host of a request, through any parent whose listeners the request may have met. */
function refusalsAt(view: RoutingView, route: BoundRoute, at: LookedUp): readonly OwnershipRefusal[] {
  return route.parents.flatMap(({ parentRef, refusals }) => {
    if (refusals === undefined || !refusals.enforced) return [];
    const { kind, namespace = route.namespace, name, sectionName, port } = parentRef;
    const parent = view.parents.get(`${kind}/${namespace}/${name}`);
    const named = (parent?.listeners ?? []).filter(
      (listener) => (sectionName ?? listener.name) === listener.name && (port ?? listener.port) === listener.port,
    );
    if (parent?.gateway !== at.gateway || !named.some(({ table }) => table === at.table.table)) return [];
    return refusals.list.filter(({ hostname }) => covers(hostname, at.request.host));
  });
}

function withheldOf(
  route: BoundRoute,
  rule: RouteRule,
  { refusals, at }: { readonly refusals: readonly OwnershipRefusal[]; readonly at: LookedUp },
): readonly WithheldMatch[] {
  return rule.matches.flatMap((match, matchIndex): readonly WithheldMatch[] => {
    const refusal = refusals.find(({ path }) => path === undefined || samePath(path, match.path));
    if (refusal === undefined || !matchesRequest(match, at.request)) return [];
    if (isServed(route, matchId(rule.index, matchIndex), at)) return [];
    const { name } = rule;
    const hostname = showHostname(refusal.hostname);
    const where = { route: objectName(route.key), rule: rule.index, ...(name !== undefined && { ruleName: name }) };
    return [{ ...where, matchIndex, match, hostname, refusal: explainRefusal(refusal, true) }];
  });
}

/** Whether the match answers the host after all, through another hostname or parent of its route. */
function isServed(route: BoundRoute, id: RouteEntry["id"], { gateway, table, request }: LookedUp): boolean {
  const attachments = route.parents.flatMap((parent) => parent.attachments);
  return attachments
    .filter((attachment) => attachment.gateway === gateway && attachment.table === table.table)
    .some(({ hosts }) => hosts.some((host) => covers(host.hostname, request.host) && !host.withheld?.has(id)));
}

function samePath(a: HttpPathMatch, b: HttpPathMatch): boolean {
  return a.type === b.type && a.value === b.value;
}

function keyOf({ route, rule, matchIndex }: WithheldMatch): string {
  return JSON.stringify([route.namespace, route.name, rule, matchIndex]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
