import { readFile, rename, writeFile } from "node:fs/promises";
import { createDebugServer } from "./admin/debug-server.ts";
import { createHealthServer } from "./admin/health-server.ts";
import { listenOn } from "./admin/read-only-server.ts";
import { ControlPlane } from "./app/control-plane.ts";
import { createDebugView } from "./app/debug-view.ts";
import { Translator } from "./app/translator.ts";
import { type Config, formatListenAddress, type ListenAddress, type XdsTlsFiles } from "./config.ts";
import type { XdsResource } from "./core/xds-resource.ts";
import type { Logger } from "./logger.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { MemoryStatusWriter } from "./status/memory-writer.ts";
import { refusedTable } from "./translate/envoy/route-tables.ts";
import { version } from "./version.ts";
import { createFileSource } from "./watch/file-source.ts";
import type { ObjectSource } from "./watch/object-source.ts";
import type { AdsSecurity } from "./xds/credentials.ts";
import { ResourceTable } from "./xds/resource-table.ts";
import { type AdsServer, createAdsServer, type XdsMetrics } from "./xds/server.ts";

export { readManifestFiles } from "./app/manifest-files.ts";
export { translateManifests } from "./app/translate-manifests.ts";
export { proxyBootstrap } from "./translate/envoy/bootstrap.ts";
export { version } from "./version.ts";
export type { SourceProblem } from "./watch/object-source.ts";
export { formatProblem } from "./watch/problem.ts";

/** Where a running app really listens. */
export interface Addresses {
  readonly xds: ListenAddress;
  readonly health: ListenAddress;
  readonly debug: ListenAddress;
}

/** A running control plane. */
export interface App {
  readonly addresses: Addresses;
  /** Resolves once everything is read, translated and served; fails when the source cannot be read at all. */
  readonly ready: Promise<void>;
  /** Lets go of every port and every proxy. Proxies keep what they have. */
  stop(): Promise<void>;
}

/** Starts a control plane for a folder of manifests. It listens when this resolves, and serves once it is ready. */
export function startStandalone(config: Config, logger: Logger): Promise<App> {
  return startApp({ config, logger, source: createFileSource({ directory: config.manifests, log: logger }) });
}

/** Starts a control plane for any source of objects. */
export async function startApp({ config, logger, source }: AppParts): Promise<App> {
  const metrics = createMetrics();
  metrics.buildInfo.set({ version }, 1);
  const { controllerName, bindAddresses } = config;
  const translator = new Translator({ controllerName, bindAddresses });
  const table = new ResourceTable();
  const statusWriter = new MemoryStatusWriter({
    controllerName,
    now: () => new Date(),
    onOutcome: (outcome) => metrics.statusUpdates.inc({ outcome }),
  });
  const controlPlane = new ControlPlane({ source, translator, table, statusWriter, logger, metrics });
  const adsServer = createAdsServer({
    table,
    ...config.xdsAddress,
    security: await readSecurity(config.xdsTls),
    log: logger,
    metrics: xdsMetrics(metrics),
    clock: () => Date.now(),
    substitute: substituteFor,
    onDataPlane: (gateway, state) => controlPlane.proxiesChanged(gateway, state),
  });
  const health = createHealthServer(
    {
      notReady: () => (controlPlane.ready ? undefined : "not everything is read and translated yet"),
      renderMetrics: () => {
        controlPlane.measure();
        return metrics.render();
      },
    },
    logger,
  );
  const view = createDebugView({ translator, table, statusWriter, source, adsServer, ready: () => controlPlane.ready });
  const debug = createDebugServer(view, { hosts: config.debugAllowRemote ? "addresses" : "loopback", logger });
  const closeAll = async () => {
    await controlPlane.stop();
    await Promise.all([adsServer.stop(), health.close(), debug.close()]);
  };
  try {
    const addresses: Addresses = {
      xds: await listenForProxies(adsServer, config.xdsAddress),
      health: await listenOn(health, config.healthAddress),
      debug: await listenOn(debug, config.debugAddress),
    };
    await tellAddresses(addresses, config, logger);
    return { addresses, ready: controlPlane.start(), stop: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

interface AppParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly source: ObjectSource;
}

async function readSecurity(tls: XdsTlsFiles | undefined): Promise<AdsSecurity> {
  if (tls === undefined) return { kind: "loopback" };
  const [ca, cert, key] = await Promise.all(
    [tls.clientAuthority, tls.certificate, tls.key].map((file) => readFile(file)),
  );
  if (ca === undefined || cert === undefined || key === undefined) throw new Error("bug: three files were read");
  return { kind: "mutual-tls", ca, cert, key, trustDomain: tls.trustDomain };
}

/**
 * A table that belongs to one hostname alone is replaced by one that answers 500: else the wildcard's routes would answer
 * for that hostname. Of a table that many share the proxy keeps the last good version, so that nobody else is hurt.
 */
function substituteFor(refused: XdsResource): XdsResource | undefined {
  const ofOneHostname = refused.type === "route" && refused.name.includes("/") && !refused.name.endsWith("/*");
  return ofOneHostname ? refusedTable(refused) : undefined;
}

function xdsMetrics(metrics: Metrics): XdsMetrics {
  return {
    responseSent: (type, bytes) => {
      metrics.xdsResponses.inc({ type });
      metrics.xdsResponseBytes.inc({ type }, bytes);
    },
    nack: (type) => metrics.xdsRefusals.inc({ type }),
    streamOpened: () => metrics.xdsStreams.inc(),
    streamClosed: () => metrics.xdsStreams.dec(),
  };
}

async function listenForProxies(adsServer: AdsServer, { host, port }: ListenAddress): Promise<ListenAddress> {
  const result = await adsServer.start();
  if (result.kind === "listening") return { host, port: result.port };
  throw new Error(`cannot serve xDS on ${formatListenAddress({ host, port })}: ${result.message}`);
}

/** The ports may have been chosen by the system, so whoever starts us has to be told. */
async function tellAddresses(addresses: Addresses, { portsFile }: Config, logger: Logger): Promise<void> {
  const text = {
    xds: formatListenAddress(addresses.xds),
    health: formatListenAddress(addresses.health),
    debug: formatListenAddress(addresses.debug),
  };
  logger.info(text, "listening");
  if (portsFile === undefined) return;
  // Moved into place, so that nobody reads half of it.
  await writeFile(`${portsFile}.new`, `${JSON.stringify(text)}\n`);
  await rename(`${portsFile}.new`, portsFile);
}
