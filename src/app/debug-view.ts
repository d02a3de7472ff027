import type {
  DebugView,
  FleetEntry,
  GatewayEntry,
  ResourcePage,
  ResourceQuery,
  StatusEntry,
  StreamEntry,
} from "../admin/debug-view.ts";
import {
  gatewayResourceKey,
  kindNames,
  type NamespacedName,
  parseNamespacedName,
  parseObjectKey,
} from "../core/keys.ts";
import { type ResourceType, resourceTypes } from "../core/xds-resource.ts";
import type { QuarantineKeeper } from "../quarantine/quarantine-keeper.ts";
import type { StatusWriter } from "../status/writer.ts";
import { version } from "../version.ts";
import type { ObjectSource } from "../watch/object-source.ts";
import type { ResourceTable } from "../xds/resource-table.ts";
import type { AdsServer } from "../xds/server.ts";
import type { StreamReport } from "../xds/stream-report.ts";
import type { ChangeLedger } from "./change-ledger.ts";
import { decodeResource } from "./decode-resource.ts";
import type { Translator } from "./translator.ts";

/** The parts of a running app that the debug pages look at. */
export interface ObservedParts {
  readonly translator: Translator;
  readonly table: ResourceTable;
  readonly statusWriter: StatusWriter;
  readonly source: ObjectSource;
  readonly adsServer: Pick<AdsServer, "streams">;
  readonly ledger: Pick<ChangeLedger, "history">;
  readonly quarantines: Pick<QuarantineKeeper, "all">;
  ready(): boolean;
}

/** Shows a running app to the debug pages. Nothing is computed before somebody asks. */
export function createDebugView(parts: ObservedParts): DebugView {
  const { translator, statusWriter, source, adsServer } = parts;
  return {
    version,
    ready: () => parts.ready(),
    gateways: () => describeGateways(parts),
    fleets: () => describeFleets(translator),
    resources: (query) => findResources(parts, query),
    statuses: () => describeStatuses(statusWriter),
    streams: () => adsServer.streams().map(describeStream),
    problems: () => source.problems(),
    quarantines: () => parts.quarantines.all.map(({ metadata, spec }) => ({ name: metadata.name, ...spec })),
    graph: () => ({
      collections: translator.graph.sizes.map(({ name, size }) => ({
        name,
        size,
        runs: translator.graph.runs.get(name) ?? 0,
      })),
      failures: [...translator.graph.failures.values()].map(({ collection, key, error }) => ({
        collection,
        key,
        message: error.message,
      })),
    }),
    history: (query) => parts.ledger.history(query),
    origins: ({ gateway, type, name }) => findOrigins(translator, { gateway, type, name }),
  };
}

function describeGateways({ translator, table, adsServer }: ObservedParts): readonly GatewayEntry[] {
  const streams = adsServer.streams();
  return translator.gateways().map((gateway) => {
    const own = streams.filter((stream) => stream.gateway === gateway);
    return {
      gateway,
      proxies: own.length,
      readyProxies: own.filter(({ firstConfigAcknowledged }) => firstConfigAcknowledged).length,
      resources: countResources(table, gateway),
    };
  });
}

function describeFleets(translator: Translator): readonly FleetEntry[] {
  return translator.gateways().flatMap((gateway) => {
    const [spec, state] = [translator.fleetSpec(gateway), translator.fleetState(gateway)];
    return spec === undefined ? [] : [{ gateway, spec, ...(state && { state }) }];
  });
}

function countResources(table: ResourceTable, gateway: NamespacedName): Readonly<Record<ResourceType, number>> {
  const count = (type: ResourceType) => table.entries(gateway, type).size;
  return {
    cluster: count("cluster"),
    endpoint: count("endpoint"),
    secret: count("secret"),
    listener: count("listener"),
    scope: count("scope"),
    route: count("route"),
  };
}

function findResources({ translator, table }: ObservedParts, query: ResourceQuery): ResourcePage | undefined {
  const gateway = translator.gateways().find((candidate) => candidate === query.gateway);
  const types = resourceTypes.filter((type) => query.type === undefined || type === query.type);
  if (gateway === undefined || types.length === 0) return undefined;
  const found = types.flatMap((type) =>
    [...table.entries(gateway, type).values()]
      .map(({ resource }) => resource)
      .filter(({ name }) => query.name === undefined || name === query.name)
      .sort((a, b) => compare(a.name, b.name)),
  );
  const resources = found.slice(query.offset, query.offset + query.limit).map((resource) => ({
    type: resource.type,
    name: resource.name,
    version: resource.version,
    resource: decodeResource(resource),
  }));
  return { total: found.length, resources };
}

function describeStream(stream: StreamReport): StreamEntry {
  return {
    ...stream,
    gateway: stream.gateway ?? stream.cluster ?? "",
    node: stream.nodeId ?? "",
    protocol: stream.transport,
    refusals: stream.types.flatMap(({ type, lastNack }) =>
      lastNack === undefined ? [] : [{ type, message: lastNack.text }],
    ),
  };
}

function describeStatuses(statusWriter: StatusWriter): readonly StatusEntry[] {
  return [...statusWriter.statuses()]
    .sort(([a], [b]) => compare(a, b))
    .map(([object, status]) => {
      const { kind, name } = parseObjectKey(object);
      return { object, kind, ...parseNamespacedName(name), status };
    });
}

function findOrigins(
  translator: Translator,
  { gateway, type, name }: { readonly gateway: string; readonly type: string; readonly name: string },
): readonly string[] | undefined {
  const known = resourceTypes.find((candidate) => candidate === type);
  if (known === undefined) return undefined;
  // Any name may be asked for: one that is not a Gateway's has no resource.
  const key = gatewayResourceKey(gateway as NamespacedName, name);
  const origins = translator.origins(known, key);
  return origins?.filter(({ source }) => isKind(source)).map(({ source, key: origin }) => `${source}/${origin}`);
}

/** What else goes in, such as how tables are cut now, is nothing that a user wrote. */
function isKind(source: string): boolean {
  return kindNames.some((kind) => kind === source);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
