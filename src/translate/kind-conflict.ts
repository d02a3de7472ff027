/**
 * Hostnames for which HTTPRoutes and GRPCRoutes ask alike: the specification lets rules of only one kind answer there, the kind
 * that has the oldest route. https://gateway-api.sigs.k8s.io/reference/spec/#grpcroutespec
 *
 *     httpRoutes ──► those on hosts of GRPCRoutes ──► the oldest of each host ─┐
 *     grpcRoutes ──► all of their hosts ────────────► the oldest of each host ─┴► what each route is left with
 *
 * A host that HTTPRoutes alone have costs each of them a look for a GRPCRoute there.
 */
import type { Collection, Grouped, Reader, Transform } from "../collection/collection.ts";
import type { Graph } from "../collection/graph.ts";
import { joinRejections, type Rejection } from "../core/conditions.ts";
import { everyHost, type Hostname } from "../core/hostname.ts";
import { type ObjectKey, parseObjectKey } from "../core/keys.ts";
import type { OwnershipPolicy } from "./nodes.ts";
import type { Attachment, BoundRoute, ParentBinding } from "./route-nodes.ts";
import { virtualHostKey } from "./virtual-host-key.ts";

export interface KindConflictInputs {
  readonly httpRoutes: Collection<BoundRoute>;
  readonly grpcRoutes: Collection<BoundRoute>;
  /** By Gateway. */
  readonly policies: Collection<OwnershipPolicy>;
}

/** Takes from each route the hostnames that routes of the other kind have. */
export function declareKindConflicts(
  graph: Graph,
  { httpRoutes, grpcRoutes, policies }: KindConflictInputs,
): Collection<BoundRoute> {
  const grpcPlaces = graph.derive("grpcPlaces", grpcRoutes, listPlaces(policies));
  const grpcByPlace = graph.groupBy("grpcRoutesByPlace", [grpcPlaces], placesOf);
  const firstGrpc = graph.derive("firstGrpcRoutes", grpcByPlace, findFirst);
  const httpPlaces = graph.derive("contestedPlaces", httpRoutes, listPlaces(policies, firstGrpc));
  const httpByPlace: Grouped<Asker> = graph.groupBy("httpRoutesByPlace", [httpPlaces], placesOf);
  const firstHttp = graph.derive("firstHttpRoutes", httpByPlace, findFirst);
  return graph.union("requestRoutes", [
    graph.derive(
      "resolvedHttpRoutes",
      httpRoutes,
      resolve({ policies, askers: httpPlaces, own: firstHttp, others: firstGrpc }),
    ),
    graph.derive(
      "resolvedGrpcRoutes",
      grpcRoutes,
      resolve({ policies, askers: grpcPlaces, own: firstGrpc, others: firstHttp }),
    ),
  ]);
}

/** A route with the places that it asks for. */
interface Asker {
  /** Sorts before that of a younger route. */
  readonly seniority: string;
  readonly places: readonly string[];
}

function placesOf({ places }: Asker): readonly string[] {
  return places;
}

function listPlaces(
  policies: Collection<OwnershipPolicy>,
  contested?: Collection<string>,
): Transform<BoundRoute, Asker> {
  return (read, key, route) => {
    const asked = servedAttachments(route.parents).flatMap((attachment) =>
      attachment.hosts.map(({ hostname }) => placeOf(read, policies, { route, attachment, hostname })),
    );
    const places = [...new Set(asked)].filter(
      (place) => contested === undefined || read.get(contested, place) !== undefined,
    );
    return places.length === 0 ? [] : [[key, { seniority: seniorityOf(route), places }]];
  };
}

const findFirst: Transform<ReadonlyMap<string, Asker>, string> = (_read, place, askers) => {
  let first: string | undefined;
  for (const { seniority } of askers.values()) if (first === undefined || seniority < first) first = seniority;
  return first === undefined ? [] : [[place, first]];
};

function seniorityOf({ createdAt, key }: BoundRoute): string {
  const { kind, name } = parseObjectKey(key);
  return `${createdAt} ${name} ${kind}`;
}

interface HostOfRoute {
  readonly route: BoundRoute;
  readonly attachment: Attachment;
  readonly hostname: Hostname;
}

/** Where claims are enforced they have decided between namespaces already: a route competes with those of its own. */
function placeOf(
  read: Reader,
  policies: Collection<OwnershipPolicy>,
  { route, attachment, hostname }: HostOfRoute,
): string {
  const place = virtualHostKey(attachment, hostname);
  return read.get(policies, attachment.gateway)?.mode === "Enforce" ? `${place} ${route.namespace}` : place;
}

interface Rivals {
  readonly policies: Collection<OwnershipPolicy>;
  /** Routes of the kind that may have lost something. */
  readonly askers: Collection<Asker>;
  /** The oldest route of the kind at each place where routes of both kinds are. */
  readonly own: Collection<string>;
  readonly others: Collection<string>;
}

function resolve({ policies, askers, own, others }: Rivals): Transform<BoundRoute, BoundRoute> {
  return (read, key, route) => {
    if (read.get(askers, key) === undefined) return [[key, route]];
    const isLost = (attachment: Attachment, hostname: Hostname) => {
      const place = placeOf(read, policies, { route, attachment, hostname });
      const theirs = read.get(others, place);
      return theirs !== undefined && theirs < (read.get(own, place) ?? seniorityOf(route));
    };
    const lost = servedAttachments(route.parents).some((attachment) =>
      attachment.hosts.some(({ hostname }) => isLost(attachment, hostname)),
    );
    if (!lost) return [[key, route]];
    return [[key, { ...route, parents: route.parents.map((parent) => withoutLost(route.key, parent, isLost)) }]];
  };
}

function withoutLost(
  route: ObjectKey,
  parent: ParentBinding,
  isLost: (attachment: Attachment, hostname: Hostname) => boolean,
): ParentBinding {
  const lost = new Set<Hostname>();
  const attachments = parent.attachments.flatMap((attachment): readonly Attachment[] => {
    const left = attachment.hosts.filter(({ hostname }) => !attachment.served || !isLost(attachment, hostname));
    if (left.length === attachment.hosts.length) return [attachment];
    for (const { hostname } of attachment.hosts) if (isLost(attachment, hostname)) lost.add(hostname);
    return left.length === 0 ? [] : [{ ...attachment, hosts: left }];
  });
  const kindConflict = joinRejections([...lost].map((hostname) => conflict(route, hostname)));
  if (kindConflict === undefined) return parent;
  return { ...parent, attachments, kindConflict, ...(attachments.length === 0 && { rejection: kindConflict }) };
}

/** Names nobody: whoever has it may be of another namespace. */
function conflict(route: ObjectKey, hostname: Hostname): Rejection {
  const [own, other] =
    parseObjectKey(route).kind === "HTTPRoute" ? ["HTTPRoutes", "GRPCRoutes"] : ["GRPCRoutes", "HTTPRoutes"];
  const host = hostname === everyHost ? "Every hostname" : `Hostname '${hostname}'`;
  const message = `${host} is answered by ${other} on this listener, of which one is older than all ${own} that ask for it`;
  return { condition: "Accepted", reason: "HostnameConflict", message };
}

function servedAttachments(parents: readonly ParentBinding[]): readonly Attachment[] {
  return parents.flatMap(({ attachments }) => attachments).filter(({ served }) => served);
}
