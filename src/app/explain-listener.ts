import type { Rejection } from "../core/conditions.ts";
import type { ExplainedHost, ListenerExplanation, ReachedMatch } from "../core/explanation.ts";
import type { Route } from "../core/gateway-api.ts";
import { intersectHostnames, normalizeHostname } from "../core/hostname.ts";
import { type NamespacedName, nameOf, type ObjectKey, objectKey } from "../core/keys.ts";
import { namespaceAllowed } from "../translate/allowed-routes.ts";
import { listenerNameOf, objectName, showHostname } from "../translate/decide/object-name.ts";
import { explainMatch } from "../translate/decide/rivals.ts";
import { layer4Criterion, layer4Place } from "../translate/layer4-shadows.ts";
import type { Listener, ParentListener, VirtualHost } from "../translate/nodes.ts";
import { findShadowed } from "../translate/overlap.ts";
import type { RoutingView } from "../translate/pipeline.ts";
import { routeHostnames } from "../translate/route-hostnames.ts";
import type { AttachedHost, Attachment } from "../translate/route-nodes.ts";
import { matchId } from "../translate/table-routes.ts";
import { virtualHostKey } from "../translate/virtual-host-key.ts";

/** A listener of a parent of a route. */
export interface ListenerPlace {
  readonly view: RoutingView;
  readonly object: Route;
  readonly gateway: NamespacedName;
  readonly listener: ParentListener;
  /** Whether the parentRef names it. */
  readonly isNamed: boolean;
}

/** How binding came out there. */
export interface ListenerOutcome {
  readonly attachment: Attachment | undefined;
  /** Why the route is not attached to the parent at all. */
  readonly rejection: Rejection | undefined;
}

/** Explains how a route stands with one listener. Asks in the order in which binding does: the first reason is told. */
export function explainListener(place: ListenerPlace, { attachment, rejection }: ListenerOutcome): ListenerExplanation {
  const { view, listener: seen } = place;
  const listener = view.gateways.get(place.gateway)?.listeners.find(({ key }) => key === seen.key);
  if (listener === undefined) throw new Error(`bug: no listener ${seen.key}`);
  const named = { listener: listenerNameOf(listener) };
  if (attachment === undefined) {
    const reason = whyNotAdmitted(place) ?? whyNotAttached(place, rejection);
    return { ...named, attached: false, reason, hosts: [] };
  }
  const reason = whyNotServed(listener, attachment);
  const hosts = attachment.hosts.map((host) => explainHost(place, attachment, host));
  return { ...named, attached: true, ...(reason !== undefined && { reason }), hosts };
}

function whyNotAdmitted({ view, object, listener, isNamed }: ListenerPlace): string | undefined {
  if (!isNamed) return "The parentRef names another listener name or port";
  if (!listener.supportedKinds.some(({ kind }) => kind === object.kind))
    return `The listener admits no ${object.kind}s`;
  const namespace = object.metadata.namespace ?? "";
  const { allowedNamespaces } = listener;
  const labels = view.namespaceLabels.get(namespace);
  if (namespaceAllowed(allowedNamespaces, listener.namespace, namespace, labels)) return undefined;
  const from = {
    All: "all",
    Same: "its own namespace",
    None: "no namespace",
    Selector: "namespaces with other labels",
  };
  return `The listener admits routes of ${from[allowedNamespaces.from]} only`;
}

function whyNotAttached({ object, listener }: ListenerPlace, rejection: Rejection | undefined): string {
  const hostnames = routeHostnames(object);
  const written = hostnames.length === 0 ? [undefined] : hostnames;
  const meets = written.some((own) => intersectHostnames(listener.hostname, normalizeHostname(own)) !== undefined);
  if (!meets) return "No hostname of the route intersects with the listener's";
  if (rejection?.reason === "UnsupportedValue") return "No rule of the route can be served";
  return "Everything that the route asks for here belongs to somebody else";
}

function whyNotServed({ conflict, rejections }: Listener, { served, hosts }: Attachment): string | undefined {
  if (!served) {
    const reasons = [...(conflict === undefined ? [] : [conflict.reason]), ...rejections.map(({ reason }) => reason)];
    return `The listener is not served${reasons.length === 0 ? "" : `: ${[...new Set(reasons)].join(", ")}`}`;
  }
  if (hosts.length > 0) return undefined;
  return "All hostnames of the route belong to more specific listeners of the port, or wait to be recorded";
}

function explainHost({ view, object }: ListenerPlace, attachment: Attachment, host: AttachedHost): ExplainedHost {
  const route = objectKey(object.kind, nameOf(object.metadata));
  const served = attachment.served ? view.virtualHosts.get(virtualHostKey(attachment, host.hostname)) : undefined;
  const reached = served === undefined ? [] : reachedMatches(view, served, route);
  return {
    hostname: showHostname(host.hostname),
    written: showHostname(host.written),
    matches: [...reached, ...withheldMatches(view, route, host)],
    ...shadowOf(view, attachment, { route, host }),
  };
}

/** Where connections and datagrams are forwarded as they are: the route to which those of a name go instead. */
function shadowOf(
  { routes, layer4Winners }: RoutingView,
  { listener, served }: Attachment,
  { route, host }: { readonly route: ObjectKey; readonly host: AttachedHost },
): Pick<ExplainedHost, "shadowedBy"> {
  const bound = routes.get(route);
  const winner = layer4Winners.get(layer4Place(listener, host.hostname));
  if (!served || bound?.layer4 === undefined || winner === undefined || winner.route === route) return {};
  const criterion = layer4Criterion(winner, { createdAt: bound.createdAt, written: host.written });
  return { shadowedBy: { route: objectName(winner.route), criterion } };
}

function reachedMatches(view: RoutingView, host: VirtualHost, route: ObjectKey): readonly ReachedMatch[] {
  const shadows = new Map(findShadowed(host.entries).map((shadow) => [shadow.entry, shadow]));
  return host.entries
    .filter((entry) => entry.route === route)
    .map((entry): ReachedMatch => {
      const { rule, ruleName, matchIndex, match } = explainMatch(view, { host, entry });
      const own = { rule, ...(ruleName !== undefined && { ruleName }), matchIndex, match };
      const shadow = shadows.get(entry);
      if (shadow === undefined) return { ...own, state: "reachable" };
      const by = { ...explainMatch(view, { host, entry: shadow.by }), criterion: shadow.criterion };
      return { ...own, state: "shadowed", shadowedBy: by };
    });
}

function withheldMatches(view: RoutingView, route: ObjectKey, { withheld }: AttachedHost): readonly ReachedMatch[] {
  if (withheld === undefined) return [];
  return (view.routes.get(route)?.rules ?? []).flatMap(({ index, name, matches }) =>
    matches.flatMap((match, matchIndex): readonly ReachedMatch[] => {
      if (!withheld.has(matchId(index, matchIndex))) return [];
      const ruleName = name === undefined ? {} : { ruleName: name };
      return [{ rule: index, ...ruleName, matchIndex, match, state: "withheld" }];
    }),
  );
}
