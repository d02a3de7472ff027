/** Server names below a wildcard of a TLSRoute that are another namespace's: its connections are not the route's. */
import type { Grouped, Reader, Transform } from "../../collection/collection.ts";
import { isWildcard } from "../../core/hostname.ts";
import type { EnvoyListener, RouteEntry, TableRoutes } from "../nodes.ts";
import { entriesInHole, type Hole } from "../ownership/holes.ts";
import type { PortRoutes } from "../route-nodes.ts";

/**
 * Gives the wildcards of a route listener by listener, in the form in which requests ask who may answer below a wide hostname: the
 * listener stands for the table, and one entry for all of a connection.
 */
export const wideServerNames: Transform<PortRoutes, TableRoutes> = (_read, key, routes) =>
  routes.places.flatMap(({ listener, hosts }): readonly (readonly [string, TableRoutes])[] => {
    const wide = hosts.filter(({ hostname }) => isWildcard(hostname));
    return wide.length === 0 ? [] : [[`${key} ${listener}`, { ...memberOf(routes, listener), hosts: wide }]];
  });

/** Index keys of a hole: its listener, if it is one in a listener and not in a table. */
export function heldNameKeys(hole: Hole): readonly string[] {
  return isInListener(hole) ? [hole.table] : [];
}

/** The held names of all listeners of a port. */
export function heldNames(read: Reader, byListener: Grouped<Hole>, { chains }: EnvoyListener): readonly Hole[] {
  return chains.flatMap((chain) =>
    chain.kind === "layer4" && chain.protocol === "TLS"
      ? [...(read.get(byListener, chain.listener)?.values() ?? [])]
      : [],
  );
}

/** Whether a hole is in a listener whose connections are forwarded: the key of a listener has a '/', no table has. */
export function isInListener({ table }: Pick<Hole, "table">): boolean {
  return table.includes("/");
}

/** Whether connections for a held name may go to a route of a wider one all the same. */
export function mayForward(hole: Hole, routes: PortRoutes): boolean {
  return entriesInHole(hole, memberOf(routes, hole.table)).length > 0;
}

function memberOf({ route, namespace, createdAt, gateway }: PortRoutes, listener: string): TableRoutes {
  const entry: RouteEntry = {
    ...{ order: "", route, namespace, createdAt, id: "0.0", rule: 0, clusters: [], routes: [] },
    match: { path: { type: "PathPrefix", value: "/" } },
  };
  return { kind: "routes", route, namespace, gateway, table: listener, hosts: [], entries: [entry], clusters: [] };
}
