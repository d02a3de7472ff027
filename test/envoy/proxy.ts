import type { TableMode } from "../../src/core/data-plane.ts";
import { proxyPorts } from "../../src/core/fleet.ts";
import { isExact } from "../../src/core/hostname.ts";
import { type NamespacedName, namespacedName } from "../../src/core/keys.ts";
import type { XdsResource } from "../../src/core/xds-resource.ts";
import { proxyBootstrap } from "../../src/translate/envoy/bootstrap.ts";
import { printCluster } from "../../src/translate/envoy/cluster.ts";
import { type EdgeSettings, edgeSettings } from "../../src/translate/envoy/edge-defaults.ts";
import { printEndpoints } from "../../src/translate/envoy/endpoint.ts";
import {
  misdirectedHere,
  misdirectedTable,
  printFallbackTable,
  printHostTable,
  printMisdirectedTable,
  printPlainTable,
} from "../../src/translate/envoy/route-tables.ts";
import { printScope } from "../../src/translate/envoy/scope.ts";
import { misdirectedHost } from "../../src/translate/envoy/virtual-host.ts";
import type { RouteTable, VirtualHost } from "../../src/translate/nodes.ts";
import { startAdsServer, type TestAdsServer } from "../support/ads-server.ts";
import type { Backend } from "../support/backend.ts";
import { eventually, freeLoopbackAddress, type RunningEnvoy, startEnvoy } from "../support/envoy.ts";

export const gateway: NamespacedName = namespacedName("infra", "gateway");

/** A real Envoy that is told by a test ADS server what our printers print. */
export interface TestProxy {
  readonly address: string;
  readonly envoy: RunningEnvoy;
  readonly ads: TestAdsServer;
  /** Pushes and waits until everything is acknowledged; fails when something is refused. */
  apply(...resources: readonly XdsResource[]): Promise<void>;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  readonly concurrency?: number;
  readonly settings?: EdgeSettings;
  /** As in a pod: admin, readiness and metrics on the ports that they have there, at the proxy's own address. */
  readonly pod?: boolean;
  /** Another Envoy than the one that all tests run. */
  readonly binary?: string;
  /** Changes the bootstrap before Envoy reads it. */
  readonly adjust?: (bootstrap: object) => object;
}

/** Starts an Envoy from our bootstrap with an address of its own. */
export async function startProxy(options: ProxyOptions = {}): Promise<TestProxy> {
  const ads = await startAdsServer();
  const address = await freeLoopbackAddress();
  const bootstrap = proxyBootstrap({
    gateway,
    nodeId: "proxy-0",
    xds: { address: "127.0.0.1", port: ads.port },
    adminAddress: options.pod === true ? address : "127.0.0.1",
    adminPort: options.pod === true ? proxyPorts.admin : 0,
    ...(options.pod === true && { podAddress: address }),
    settings: options.settings ?? edgeSettings,
  });
  const adjust = options.adjust ?? ((same) => same);
  const envoy = await startEnvoy({
    bootstrap: adjust(bootstrap),
    concurrency: options.concurrency ?? 1,
    ...(options.binary !== undefined && { binary: options.binary }),
  });
  return {
    address,
    envoy,
    ads,
    apply: async (...resources) => {
      const refused = ads.refusals.length;
      ads.push(...resources);
      await eventually("Envoy acknowledges everything", () => ads.settled(), 30);
      if (ads.refusals.length > refused) throw new Error(`refused: ${JSON.stringify(ads.refusals.slice(refused))}`);
    },
    stop: async () => {
      await envoy.stop();
      await ads.stop();
    },
  };
}

/** Prints clusters, each with one running backend behind it; a backend of undefined has no endpoints. */
export function printClusters(
  backends: Readonly<Record<string, Backend | undefined>>,
  protocol: "http1" | "http2" = "http1",
  settings: EdgeSettings = edgeSettings,
): readonly XdsResource[] {
  return Object.entries(backends).flatMap(([name, backend]) => [
    printCluster({ name, service: namespacedName("apps", name), port: 80, protocol }, settings),
    printEndpoints(name, backend === undefined ? [] : [{ address: backend.address, port: backend.port }]),
  ]);
}

/** Prints all that a route table needs, in either mode. */
export function printTable(mode: TableMode, table: RouteTable, routed: readonly VirtualHost[]): readonly XdsResource[] {
  const misdirected = (mode === "scoped" ? misdirectedHere(table) : table.misdirected)
    .filter((hostname) => !routed.some((host) => host.hostname === hostname))
    .map((hostname) => misdirectedHost({ gateway: table.gateway, table: table.table, hostname }));
  const hosts = [...routed, ...misdirected];
  if (mode === "plain") return [printPlainTable(table, hosts)];
  const exact = hosts.filter(({ hostname }) => isExact(hostname));
  const rest = hosts.filter(({ hostname }) => !isExact(hostname));
  const shared = table.scheme === "https" ? [printScope(misdirectedTable(table.port), "*")] : [];
  const sharedTable =
    table.scheme === "https"
      ? [printMisdirectedTable({ ...table, hostnames: [...table.hostnames, ...table.misdirected] })]
      : [];
  return [
    printScope(table.table, "*"),
    ...exact.map(({ hostname }) => printScope(table.table, hostname)),
    ...shared,
    printFallbackTable(table, rest),
    ...exact.map((host) => printHostTable(table.table, host)),
    ...sharedTable,
  ];
}
