/** One entry of `spec.listeners` of a Gateway or ListenerSet, judged by itself. */
import type { Reader } from "../collection/collection.ts";
import type { Rejection } from "../core/conditions.ts";
import type { ListenerSpec, RouteGroupKind } from "../core/gateway-api.ts";
import { everyHost, normalizeHostname } from "../core/hostname.ts";
import { kinds, type NamespacedName, namespacedName, type ObjectKey, objectKey } from "../core/keys.ts";
import { noValidAuthority } from "./frontend-validation.ts";
import { type ListenerInputs, resolveTls } from "./listener-tls.ts";
import type { Listener } from "./nodes.ts";
import { endsTls, type ProtocolSupport, protocolSupport, servedProtocols } from "./protocol-support.ts";

/** The object in which listeners are written. */
export interface ListenerOwner {
  readonly kind: "Gateway" | "ListenerSet";
  readonly namespace: string;
  readonly name: string;
  /** The Gateway whose proxies serve them. */
  readonly gateway: NamespacedName;
}

/** The key of the object in which listeners are written. */
export function ownerKey({ kind, namespace, name }: ListenerOwner): ObjectKey {
  return objectKey(kind, namespacedName(namespace, name));
}

/** Judges one listener without its neighbours: conflicts, and whether it is served, are decided for all together. */
export function buildListener(
  read: Reader,
  inputs: ListenerInputs,
  owner: ListenerOwner,
  spec: ListenerSpec,
): Listener {
  const parent = ownerKey(owner);
  const support = protocolSupport(spec.protocol);
  const base = {
    key: `${parent}/${spec.name}`,
    gateway: owner.gateway,
    parent,
    namespace: owner.namespace,
    name: spec.name,
    port: spec.port,
    protocol: spec.protocol,
    ...(support?.endsTls === "byMode" && { tlsMode: spec.tls?.mode ?? "Terminate" }),
    // Where nothing tells traffic apart a hostname means nothing.
    hostname: support?.sharing === "nothing" ? everyHost : normalizeHostname(spec.hostname),
    allowedNamespaces: spec.allowedRoutes.namespaces,
    served: false,
  };
  if (support === undefined) {
    return { ...base, supportedKinds: [], secrets: [], rejections: [unsupportedProtocol(spec)] };
  }
  const { gateway, namespace } = owner;
  const from = { group: kinds[owner.kind].group, kind: owner.kind, namespace, gateway };
  const tls = endsTls(base) ? resolveTls(read, inputs, from, spec) : { secrets: [], rejections: [] };
  const { supportedKinds, rejections } = judgeKinds(spec, support);
  return {
    ...base,
    supportedKinds,
    secrets: tls.secrets,
    rejections: [...tls.rejections, ...rejections, ...filtersOf(spec)],
  };
}

/** Whether proxies could open it: a listener that ends TLS takes at least one usable certificate. */
export function isUsable(listener: Listener): boolean {
  if (!isAcceptable(listener) || listener.clientValidation?.configMaps.length === 0) return false;
  if (listener.rejections.some(({ reason }) => reason === unappliedFilters)) return false;
  return !endsTls(listener) || listener.secrets.length > 0;
}

/**
 * Whether its own text is in order and it has lost no conflict. Such a listener holds its port and hostname even while
 * its certificate or the authorities of its clients are missing, so that nobody else's routes take over its hosts meanwhile.
 */
export function isAcceptable(listener: Listener): boolean {
  return !listener.rejections.some(({ condition, reason }) => condition === "Accepted" && !keepsHosts.has(reason));
}

/** The reason of a listener with filters: filters are never skipped, and one may ask clients who they are. */
const unappliedFilters = "InvalidListenerFilterOrder";

/** Reasons for which a listener is closed and keeps its port and hostnames. */
const keepsHosts: ReadonlySet<string> = new Set([noValidAuthority, unappliedFilters]);

function filtersOf({ filters }: ListenerSpec): readonly Rejection[] {
  if ((filters?.requests ?? []).length === 0) return [];
  return [
    { condition: "Accepted", reason: unappliedFilters, message: "filters of a whole listener are not supported" },
  ];
}

function unsupportedProtocol({ protocol }: ListenerSpec): Rejection {
  return {
    condition: "Accepted",
    reason: "UnsupportedProtocol",
    message: `protocol ${protocol} is not supported, only ${servedProtocols.join(", ")}`,
  };
}

function judgeKinds(
  { allowedRoutes, protocol }: ListenerSpec,
  { routeKinds }: ProtocolSupport,
): { readonly supportedKinds: readonly RouteGroupKind[]; readonly rejections: readonly Rejection[] } {
  const asked = allowedRoutes.kinds ?? [];
  if (asked.length === 0) return { supportedKinds: routeKinds, rejections: [] };
  const supportedKinds = routeKinds.filter((kind) => asked.some((other) => sameKind(kind, other)));
  const unknown = asked.filter((kind) => !routeKinds.some((other) => sameKind(kind, other)));
  if (unknown.length === 0) return { supportedKinds, rejections: [] };
  const names = unknown.map(({ group, kind }) => (group === kinds.HTTPRoute.group ? kind : `${kind}.${group}`));
  const message = `protocol ${protocol} does not carry routes of kind ${names.join(", ")}`;
  return { supportedKinds, rejections: [{ condition: "ResolvedRefs", reason: "InvalidRouteKinds", message }] };
}

function sameKind(a: RouteGroupKind, b: RouteGroupKind): boolean {
  return a.group === b.group && a.kind === b.kind;
}
