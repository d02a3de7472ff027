import { listenForProxies, tellAddresses } from "./app/addresses.ts";
import { ChangeLedger } from "./app/change-ledger.ts";
import { ControlPlane } from "./app/control-plane.ts";
import { Convergence, type HeldVersions } from "./app/convergence.ts";
import { measureConvergence } from "./app/convergence-metrics.ts";
import { createExplainer } from "./app/explainer.ts";
import { LoopbackAdmission } from "./app/loopback-admission.ts";
import { Pages } from "./app/pages.ts";
import { createQuarantines, fileQuarantines, measureQuarantines, quarantineCulprits } from "./app/quarantines.ts";
import type { Addresses, App } from "./app/running-app.ts";
import { TlsFiles } from "./app/tls-files.ts";
import { type TranslationChanges, Translator } from "./app/translator.ts";
import { clusterLingerMs, xdsMetrics } from "./app/xds-options.ts";
import { LocalKeeper } from "./claims/local-keeper.ts";
import type { StateStore } from "./claims/state-file.ts";
import type { Config, XdsTlsFiles } from "./config.ts";
import { systemScheduler } from "./core/scheduler.ts";
import type { Logger } from "./logger.ts";
import { createMetrics } from "./metrics.ts";
import { MemoryStatusWriter } from "./status/memory-writer.ts";
import { splitTable } from "./translate/envoy/table-parts.ts";
import { version } from "./version.ts";
import { createFileSource } from "./watch/file-source.ts";
import type { ObjectSource } from "./watch/object-source.ts";
import type { AdsSecurity } from "./xds/credentials.ts";
import { ResourceTable } from "./xds/resource-table.ts";
import { createAdsServer } from "./xds/server.ts";

export { type Asked, askThroughApiServer, type CallerOptions, callerToken } from "./app/ask-gatehouse.ts";
export { saveFleetCredentials, tryThroughGateway } from "./app/cluster-commands.ts";
export { startController } from "./app/controller.ts";
export { diffAgainst, diffAgainstSource } from "./app/diff/diff-against.ts";
export { explainRequestOffline, explainRouteOffline } from "./app/explain-manifests.ts";
export { lintSource } from "./app/lint/lint-source.ts";
export { readManifestFiles } from "./app/manifest-files.ts";
export type { App } from "./app/running-app.ts";
export { translateManifests } from "./app/translate-manifests.ts";
export type { TryResult } from "./app/try/try-request.ts";
export type { WorldSource } from "./app/world/open-world.ts";
export { openStateFile, type StateStore } from "./claims/state-file.ts";
export { proxyBootstrap } from "./translate/envoy/bootstrap.ts";
export { settingsWithin } from "./translate/limits.ts";
export { version } from "./version.ts";
export type { ManifestText } from "./watch/manifests.ts";
export type { SourceProblem } from "./watch/object-source.ts";
export { formatProblem } from "./watch/problem.ts";

/** Starts a control plane for a folder of manifests. It listens when this resolves, and serves once it is ready. */
export function startStandalone(config: Config, logger: Logger, store?: StateStore): Promise<App> {
  const source = createFileSource({ directory: config.manifests, log: logger });
  return startApp({ config, logger, source, ...(store && { store }) });
}

/** Starts a control plane for any source of objects. */
export async function startApp({ config, logger, source, store }: AppParts): Promise<App> {
  const metrics = createMetrics();
  metrics.buildInfo.set({ version }, 1);
  const { controllerName, bindAddresses } = config;
  const claims = new LocalKeeper({
    ...(store && { store }),
    now: () => new Date(),
    scheduler: systemScheduler,
    log: logger,
    retentionMs: config.claimHours * 3_600_000,
    changed: () => controlPlane.claimsChanged(),
  });
  const translator = new Translator({ controllerName, placement: { kind: "standalone", bindAddresses } }, claims);
  const table = new ResourceTable();
  const statusWriter = new MemoryStatusWriter({
    controllerName,
    now: () => new Date(),
    onOutcome: (outcome) => metrics.statusUpdates.inc({ outcome }),
  });
  const held: HeldVersions = (gateway, type, name) => adsServer.held(gateway, type, name);
  const ledger = new ChangeLedger({ translator, table, config, logger, now: () => new Date(), held });
  const convergence = new Convergence({
    ...{ translator, table, held },
  });
  const culpritParts = { translator, table, logger, now: () => new Date() };
  const changed = () => controlPlane.quarantinesChanged();
  const quarantines = createQuarantines({ ...culpritParts, store: fileQuarantines(store), changed });
  const onPublished = (changes: TranslationChanges) => {
    quarantines.look(changes.objects);
    ledger.published(changes);
    convergence.published(changes);
  };
  const controlPlane = new ControlPlane({
    ...{ source, translator, table, statusWriter, onPublished, logger, metrics },
    sink: quarantines.sink(claims.sink(translator), store?.quarantines),
  });
  const tlsFiles = config.xdsTls && (await TlsFiles.open(config.xdsTls, logger));
  const adsServer = createAdsServer({
    table,
    ...config.xdsAddress,
    security: securityOf(config.xdsTls, tlsFiles),
    log: logger,
    metrics: xdsMetrics(metrics),
    clock: () => Date.now(),
    lingerMs: clusterLingerMs,
    split: splitTable,
    onCulprit: quarantineCulprits(quarantines, culpritParts),
    onDataPlane: (gateway, state) => controlPlane.proxiesChanged(gateway, state),
  });
  const pages = new Pages({
    explainer: createExplainer({ translator, convergence }),
    config,
    observed: { translator, table, statusWriter, source, adsServer, ledger, quarantines },
    controlPlane,
    metrics,
    logger,
    measure: () => {
      measureConvergence(convergence, metrics);
      measureQuarantines(quarantines, metrics);
    },
  });
  const admission = new LoopbackAdmission({
    ...{ address: config.webhookAddress, metrics, logger },
    isReady: () => controlPlane.ready,
    judge: (object) => translator.judge(object),
  });
  const closeAll = async () => {
    tlsFiles?.stop();
    claims.stop();
    await quarantines.stop();
    await controlPlane.stop();
    await Promise.all([adsServer.stop(), pages.close(), admission.close(), ledger.stop()]);
  };
  try {
    const addresses: Addresses = {
      xds: await listenForProxies(adsServer, config.xdsAddress),
      ...(await pages.listen()),
      ...(await admission.listen()),
    };
    await tellAddresses(addresses, config.portsFile, logger);
    // The only process decides alone.
    const ready = controlPlane.start().then(() => quarantines.lead(true));
    return { addresses, ready, stop: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

interface AppParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly source: ObjectSource;
  /** Where claims and quarantines are kept; they are forgotten with the process without it. */
  readonly store?: StateStore;
}

function securityOf(tls: XdsTlsFiles | undefined, material: TlsFiles | undefined): AdsSecurity {
  if (tls === undefined || material === undefined) return { kind: "loopback" };
  return { kind: "mutual-tls", material, trustDomain: tls.trustDomain };
}
