/** Who answers which hostname, and how hostnames are cut into tables. */
import type { Collection, Grouped } from "../collection/collection.ts";
import type { Graph } from "../collection/graph.ts";
import { isExact } from "../core/hostname.ts";
import { heldNameKeys, wideServerNames } from "./layer4/held-names.ts";
import type { HostMember, RouteTable, VirtualHost } from "./nodes.ts";
import type { Ownership } from "./ownership/declare.ts";
import { buildWideHost, findHoles, type Hole, wideHostKeys, wideTableKeys } from "./ownership/holes.ts";
import type { Gateways, PipelineSources, Routes } from "./pipeline.ts";
import {
  chooseTableMode,
  printFallbackScope,
  printMisdirectedScope,
  printOwnScope,
  printOwnTable,
  printSharedMisdirected,
  printSharedTable,
  tableKey,
  tlsPortKeys,
} from "./route-tables.ts";
import { findRouteShadows } from "./rule-shadows.ts";
import { sameResource, sameVersion } from "./same-version.ts";
import { buildUnroutedHosts, hostKeys, mergeVirtualHost } from "./virtual-host.ts";

export function declareTables(
  graph: Graph,
  sources: PipelineSources,
  {
    routeTables,
    policies,
    ownership,
    tableRoutes,
    portRoutes,
  }: Gateways & Pick<Routes, "tableRoutes" | "portRoutes"> & { readonly ownership: Ownership },
) {
  const unrouted = graph.derive("unroutedHosts", routeTables, buildUnroutedHosts);
  const answering: readonly Collection<HostMember>[] = [unrouted, tableRoutes];
  const serverNames = graph.derive("wideServerNames", portRoutes, wideServerNames);
  const wideMembers = graph.groupBy<HostMember>("membersOfWideHosts", [...answering, serverNames], wideHostKeys);
  // Narrowed to whether there are any, so that one more does not move the other wide hostnames of its table.
  const wideTables = graph.derive<unknown, true>(
    "wideTables",
    graph.groupBy("wideRoutesByTable", [tableRoutes, serverNames], wideTableKeys),
    (_read, key) => [[key, true]],
  );
  const wideHosts = graph.groupBy(
    "wideHostsByHostname",
    [graph.derive("wideHosts", wideMembers, buildWideHost({ policies, wideTables }))],
    ({ hostname }) => [hostname],
  );
  const holes = graph.derive("holes", ownership.guarded, findHoles({ ownership, wideHosts }));
  const heldNames = graph.groupBy("heldNamesByListener", [holes], heldNameKeys);
  const byHost = graph.groupBy<HostMember | Hole>("routesByHost", [...answering, holes], hostKeys);
  const virtualHosts = graph.derive("virtualHosts", byHost, mergeVirtualHost({ wideMembers }), sameVersion);
  const shadows = graph.groupBy(
    "shadowsByRoute",
    [graph.derive("shadows", virtualHosts, findRouteShadows)],
    ({ route }) => [route],
  );
  const hosts = graph.groupBy("hostsByTable", [virtualHosts], (host) => [tableKey(host)]);
  const exactHosts = graph.groupBy("exactHostsByTable", [virtualHosts], (host) => keysIf(isExact(host.hostname), host));
  const wildcardHosts = graph.groupBy("wildcardHostsByTable", [virtualHosts], (host) =>
    keysIf(!isExact(host.hostname), host),
  );
  const modes = graph.derive("wantedTableModes", routeTables, chooseTableMode(sources.tableModes, exactHosts));
  const inputs = { modes, formerModes: sources.formerModes, hosts, wildcardHosts };
  const byTlsPort: Grouped<RouteTable> = graph.groupBy("tablesByTlsPort", [routeTables], tlsPortKeys);
  const route = [
    graph.derive("sharedTables", routeTables, printSharedTable(inputs), sameResource),
    graph.derive("hostTables", virtualHosts, printOwnTable(inputs), sameResource),
    graph.derive("misdirectedTables", byTlsPort, printSharedMisdirected(inputs), sameResource),
  ];
  const scope = [
    graph.derive("fallbackScopes", routeTables, printFallbackScope(inputs), sameResource),
    graph.derive("hostScopes", virtualHosts, printOwnScope(inputs), sameResource),
    graph.derive("misdirectedScopes", byTlsPort, printMisdirectedScope(inputs), sameResource),
  ];
  return { modes, virtualHosts, shadows, hosts, heldNames, resources: { route, scope } };
}

function keysIf(included: boolean, host: VirtualHost): readonly string[] {
  return included ? [tableKey(host)] : [];
}
