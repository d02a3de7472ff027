import { readFile } from "node:fs/promises";
import { listenForProxies, tellAddresses } from "./app/addresses.ts";
import { ControlPlane } from "./app/control-plane.ts";
import { Pages } from "./app/pages.ts";
import type { Addresses, App } from "./app/running-app.ts";
import { Translator } from "./app/translator.ts";
import { substituteFor, xdsMetrics } from "./app/xds-options.ts";
import type { Config, XdsTlsFiles } from "./config.ts";
import type { Logger } from "./logger.ts";
import { createMetrics } from "./metrics.ts";
import { MemoryStatusWriter } from "./status/memory-writer.ts";
import { version } from "./version.ts";
import { createFileSource } from "./watch/file-source.ts";
import type { ObjectSource } from "./watch/object-source.ts";
import type { AdsSecurity } from "./xds/credentials.ts";
import { ResourceTable } from "./xds/resource-table.ts";
import { createAdsServer } from "./xds/server.ts";

export { saveFleetCredentials, tryThroughGateway } from "./app/cluster-commands.ts";
export { startController } from "./app/controller.ts";
export { readManifestFiles } from "./app/manifest-files.ts";
export type { App } from "./app/running-app.ts";
export { translateManifests } from "./app/translate-manifests.ts";
export type { TryResult } from "./app/try/try-request.ts";
export { proxyBootstrap } from "./translate/envoy/bootstrap.ts";
export { version } from "./version.ts";
export type { SourceProblem } from "./watch/object-source.ts";
export { formatProblem } from "./watch/problem.ts";

/** Starts a control plane for a folder of manifests. It listens when this resolves, and serves once it is ready. */
export function startStandalone(config: Config, logger: Logger): Promise<App> {
  return startApp({ config, logger, source: createFileSource({ directory: config.manifests, log: logger }) });
}

/** Starts a control plane for any source of objects. */
export async function startApp({ config, logger, source }: AppParts): Promise<App> {
  const metrics = createMetrics();
  metrics.buildInfo.set({ version }, 1);
  const { controllerName, bindAddresses } = config;
  const translator = new Translator({ controllerName, placement: { kind: "standalone", bindAddresses } });
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
  const pages = new Pages({
    config,
    observed: { translator, table, statusWriter, source, adsServer },
    controlPlane,
    metrics,
    logger,
  });
  const closeAll = async () => {
    await controlPlane.stop();
    await Promise.all([adsServer.stop(), pages.close()]);
  };
  try {
    const addresses: Addresses = {
      xds: await listenForProxies(adsServer, config.xdsAddress),
      ...(await pages.listen()),
    };
    await tellAddresses(addresses, config.portsFile, logger);
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
