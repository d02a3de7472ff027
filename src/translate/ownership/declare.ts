/** The collections by which claims are asked about. */
import type { Collection, Source, Transform } from "../../collection/collection.ts";
import type { Graph } from "../../collection/graph.ts";
import type { GrpcRoute, HttpRoute, ListenerSet, Route, TlsRoute } from "../../core/gateway-api.ts";
import type { Hostname } from "../../core/hostname.ts";
import type { Namespace } from "../../core/kubernetes.ts";
import type { Holding, HostnameClaim } from "../../core/ownership.ts";
import { namespaceLabels } from "../allowed-routes.ts";
import { hostnameGrants } from "./hostname-grants.ts";
import { foreignHoldings, wildcardsOfHolding } from "./listener-ownership.ts";
import { lengthsOfHolding, pathHolders, scopeOfHolding } from "./shared-paths.ts";
import { type WrittenHostname, writtenHostnames } from "./unique-route.ts";

export interface OwnershipSources {
  /** By RecordKey. */
  readonly holdings: Source<Holding>;
  /** By RecordKey. */
  readonly claimProblems: Source<string>;
  readonly objects: {
    readonly Namespace: Collection<Namespace>;
    readonly HostnameClaim: Collection<HostnameClaim>;
    readonly HTTPRoute: Collection<HttpRoute>;
    readonly GRPCRoute: Collection<GrpcRoute>;
    readonly TLSRoute: Collection<TlsRoute>;
    readonly ListenerSet: Collection<ListenerSet>;
  };
}

export type Ownership = ReturnType<typeof declareOwnership>;

/** Declares who holds what, in the indexes by which it is asked. */
export function declareOwnership(graph: Graph, { objects, holdings, claimProblems }: OwnershipSources) {
  const grants = graph.derive("hostnameGrants", objects.HostnameClaim, hostnameGrants);
  const pathsByHostname = graph.groupBy("pathHoldingsByHostname", [holdings], ({ hostname, path }) =>
    path === undefined ? [] : [hostname],
  );
  const byLength = graph.groupBy("pathHoldingsByLength", [holdings], lengthsOfHolding);
  const below = graph.groupBy("holdingsBelowWildcards", [holdings], wildcardsOfHolding);
  const writing: Transform<Route, WrittenHostname> = (_read, key, route) => [[key, writtenHostnames(route)]];
  const written = [
    graph.derive("writtenHostnames", objects.HTTPRoute, writing),
    graph.derive("writtenGrpcHostnames", objects.GRPCRoute, writing),
    graph.derive("writtenTlsHostnames", objects.TLSRoute, writing),
  ];
  const held = graph.derive("heldHostnames", holdings, (_read, key, { hostname, path }) =>
    path === undefined ? [[key, hostname]] : [],
  );
  const granted = graph.derive("grantedHostnames", grants, (_read, key, { pattern }) => [[key, pattern]]);
  return {
    holdings,
    claimProblems,
    namespaceLabels: graph.derive("namespaceLabels", objects.Namespace, namespaceLabels),
    grants: graph.groupBy("grantsByHostname", [grants], ({ pattern }) => [pattern]),
    pathsByScope: graph.groupBy("pathHoldingsByScope", [holdings], scopeOfHolding),
    heldLengths: graph.derive("heldLengths", byLength, (_read, key) => [[key, true as const]]),
    pathHolders: graph.derive("pathHolders", pathsByHostname, pathHolders),
    foreignBelow: graph.derive("foreignHoldings", objects.ListenerSet, foreignHoldings(below)),
    writers: graph.groupBy("writersByHostname", written, ({ hostnames }) => hostnames),
    /** Hostnames that are somebody's, as they are written. */
    guarded: graph.groupBy<Hostname>("guardedHostnames", [held, granted], (hostname) => [hostname]),
  };
}
