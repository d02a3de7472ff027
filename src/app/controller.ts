import type { RecordKeeper } from "../claims/record-keeper.ts";
import type { ControllerConfig } from "../controller-config.ts";
import { type ObjectKey, parseObjectKey } from "../core/keys.ts";
import { systemScheduler } from "../core/scheduler.ts";
import type { StoredObject } from "../core/stored-object.ts";
import { Trust } from "../identity/trust.ts";
import type { Logger } from "../logger.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import { ClassFinalizer } from "../provision/class-finalizer.ts";
import { KubeQuarantineStore } from "../quarantine/kube-store.ts";
import type { QuarantineKeeper } from "../quarantine/quarantine-keeper.ts";
import { formatListenAddress } from "../settings.ts";
import { EventRecorder } from "../status/events.ts";
import { KubeStatusWriter } from "../status/kube-writer.ts";
import { LeaderElector } from "../status/leader.ts";
import { splitTable } from "../translate/envoy/table-parts.ts";
import { version } from "../version.ts";
import { type ClusterSource, createClusterSource } from "../watch/cluster-source.ts";
import { type KubeApi, loadKubeApi } from "../watch/kube-api.ts";
import { ResourceTable } from "../xds/resource-table.ts";
import { type AdsServer, createAdsServer } from "../xds/server.ts";
import { listenForProxies, tellAddresses } from "./addresses.ts";
import { Admission } from "./admission.ts";
import { ChangeLedger } from "./change-ledger.ts";
import { createClusterClaims, measureClaims } from "./cluster-claims.ts";
import { ClusterObserver } from "./cluster-observer.ts";
import { ControlPlane } from "./control-plane.ts";
import { Convergence, type HeldVersions } from "./convergence.ts";
import { measureConvergence } from "./convergence-metrics.ts";
import { createExplainer } from "./explainer.ts";
import { Fleets } from "./fleets.ts";
import { leaderClient } from "./leader-client.ts";
import { LeaderDuties } from "./leader-duties.ts";
import { Pages } from "./pages.ts";
import { createQuarantines, measureQuarantines, quarantineCulprits } from "./quarantines.ts";
import { ReplicaAddresses } from "./replica-addresses.ts";
import { Replicas } from "./replicas.ts";
import type { Addresses, App } from "./running-app.ts";
import { tellTakeovers } from "./takeover-events.ts";
import { createTenantEndpoint, type TenantEndpoint } from "./tenant-endpoint.ts";
import { Translator } from "./translator.ts";
import { clusterLingerMs, fleetSize, xdsMetrics } from "./xds-options.ts";

/** Starts one replica of the control plane of a cluster. It listens when this resolves, and serves once it is ready. */
export async function startController(config: ControllerConfig, logger: Logger): Promise<App> {
  const loaded = loadKubeApi(config.kubeconfig === undefined ? {} : { kubeconfig: config.kubeconfig });
  if (loaded.kind === "failed") throw new Error(loaded.message);
  logger.info({ server: loaded.server, version }, "starting");
  const controller = new Controller(config, loaded.value, logger);
  try {
    const addresses = await controller.listen();
    const failed = loaded.value.rewound.then((): never => {
      throw new Error("the API server has gone back to an earlier state, as a backup does: everything is read anew");
    });
    return { addresses, ready: controller.start(), failed, stop: () => controller.stop() };
  } catch (error) {
    await controller.stop();
    throw error;
  }
}

/** Streams of a replica that stops end over this time, so that the others get its proxies one by one. */
const stopSpreadMs = 5_000;
/** How long a replica that stops waits for what it has asked the API server. */
const stopPatienceMs = 5_000;

/** One replica: it watches, translates and serves; as the leader it also writes. */
class Controller {
  readonly #config: ControllerConfig;
  readonly #api: KubeApi;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #source: ClusterSource;
  readonly #observer: ClusterObserver;
  readonly #controlPlane: ControlPlane;
  readonly #statusWriter: KubeStatusWriter;
  readonly #claims: RecordKeeper;
  readonly #quarantines: QuarantineKeeper;
  readonly #events: EventRecorder;
  readonly #finalizer: ClassFinalizer;
  readonly #fleets: Fleets;
  readonly #trust: Trust;
  readonly #adsServer: AdsServer;
  readonly #ledger: ChangeLedger;
  readonly #convergence: Convergence;
  readonly #replicas: Replicas;
  readonly #admission: Admission | undefined;
  readonly #elector: LeaderElector;
  readonly #duties: LeaderDuties;
  readonly #pages: Pages;
  readonly #tenants: TenantEndpoint | undefined;
  #isObserved = false;

  constructor(config: ControllerConfig, api: KubeApi, logger: Logger) {
    this.#config = config;
    this.#api = api;
    this.#logger = logger;
    this.#metrics = createMetrics();
    this.#metrics.buildInfo.set({ version }, 1);
    const { controllerName, bindAddresses, watchNamespaces, trustDomain } = config;
    this.#claims = this.#createClaims();
    const translator = new Translator({ controllerName, placement: { kind: "cluster", bindAddresses } }, this.#claims);
    const table = new ResourceTable();
    this.#trust = new Trust({ releaseNamespace: config.namespace, log: logger });
    this.#events = new EventRecorder({
      ...this.#leaderClockwork(),
      controllerName,
      reportingInstance: config.podName,
      log: logger,
    });
    this.#statusWriter = this.#createStatusWriter();
    this.#source = createClusterSource({
      api,
      log: logger,
      scope: {
        ...(watchNamespaces.length > 0 && { namespaces: watchNamespaces }),
        ...(config.secretSelector !== undefined && { secretSelector: config.secretSelector }),
      },
      onStored: (key, stored) => this.#observe(key, stored),
      onFacts: (facts) => {
        this.#controlPlane.factsChanged(facts);
        this.#statusWriter.schemasChanged();
      },
    });
    const held: HeldVersions = (gateway, type, name) => this.#adsServer.held(gateway, type, name);
    this.#ledger = new ChangeLedger({
      ...{ translator, table, config, logger, now: () => new Date() },
      held,
      onChanges: tellTakeovers({ translator, events: this.#events, mayWrite: () => this.#elector.leading }),
    });
    this.#convergence = new Convergence({
      ...{ translator, table, held },
    });
    const addresses = new ReplicaAddresses({ translator, config });
    const culpritParts = { translator, table, logger, now: () => new Date() };
    this.#quarantines = createQuarantines({
      ...culpritParts,
      store: new KubeQuarantineStore(api),
      changed: () => this.#controlPlane.quarantinesChanged(),
    });
    this.#controlPlane = new ControlPlane({
      source: this.#source,
      translator,
      sink: this.#quarantines.sink(this.#claims.sink(translator)),
      table,
      statusWriter: this.#statusWriter,
      onFleetSpecs: (specs) => this.#fleets.changed(specs),
      onClassUse: (use) => {
        for (const [name, inUse] of use) this.#finalizer.setUse(name, inUse);
      },
      onPublished: (changes) => {
        this.#quarantines.look(changes.objects);
        this.#ledger.published(changes);
        this.#convergence.published(changes);
        addresses.published(changes);
      },
      logger,
      metrics: this.#metrics,
    });
    this.#replicas = new Replicas({
      config,
      material: this.#trust,
      logger,
      onDataPlane: (gateway, state) => this.#controlPlane.proxiesChanged(gateway, state),
      onConvergence: (question) => this.#convergence.answer(question),
    });
    this.#adsServer = createAdsServer({
      table,
      ...config.xdsAddress,
      security: {
        kind: "issued-certificates",
        material: this.#trust,
        trustDomain,
        isAccepted: (gateway, uid, fingerprint) => this.#trust.isAccepted(gateway, uid, fingerprint),
      },
      log: logger,
      metrics: xdsMetrics(this.#metrics),
      clock: () => Date.now(),
      lingerMs: clusterLingerMs,
      fleetSize: (gateway) => fleetSize(translator.fleetSpec(gateway)),
      split: splitTable,
      onCulprit: quarantineCulprits(this.#quarantines, culpritParts),
      onDataPlane: (gateway, state) => this.#replicas.told(gateway, state),
      stopSpreadMs,
    });
    this.#fleets = new Fleets({
      ...{ config, client: this.#leaderClockwork().client, trust: this.#trust, logger },
      onState: (gateway, state) => this.#controlPlane.fleetChanged(gateway, state),
      onAddressServices: (services) => this.#observer.followServices(services),
      note: (news) => this.#events.note(news),
    });
    this.#finalizer = new ClassFinalizer({
      client: this.#leaderClockwork().client,
      scheduler: systemScheduler,
      random: Math.random,
      onRefused: (name, message) =>
        logger.warn({ gatewayClass: name, message }, "cannot change the finalizers of a class"),
    });
    this.#admission = this.#createAdmission(translator);
    this.#observer = this.#createObserver();
    this.#duties = this.#createDuties();
    this.#elector = this.#createElector();
    const controlPlane = this.#controlPlane;
    const [ledger, source] = [this.#ledger, this.#source];
    const explainer = createExplainer({
      ...{ translator, convergence: this.#convergence },
      askReplicas: (questions) => this.#replicas.ask(addresses.current(), questions),
    });
    this.#tenants = createTenantEndpoint({ config, api, trust: this.#trust, controlPlane, explainer, ledger, logger });
    this.#pages = new Pages({
      config,
      explainer,
      observed: {
        translator,
        table,
        statusWriter: this.#statusWriter,
        source,
        adsServer: this.#adsServer,
        ledger,
        quarantines: this.#quarantines,
      },
      controlPlane,
      metrics: this.#metrics,
      logger,
      measure: () => {
        const { queued, waiting, busy } = this.#statusWriter.load;
        this.#metrics.statusWrites.set({ state: "queued" }, queued);
        this.#metrics.statusWrites.set({ state: "waiting" }, waiting);
        this.#metrics.statusWrites.set({ state: "busy" }, busy);
        measureClaims(this.#claims, this.#metrics);
        measureConvergence(this.#convergence, this.#metrics);
        measureQuarantines(this.#quarantines, this.#metrics);
      },
      notReady: () => (this.#trust.current() === undefined ? "there is no certificate for proxies yet" : undefined),
    });
  }

  async listen(): Promise<Addresses> {
    const addresses = {
      xds: await listenForProxies(this.#adsServer, this.#config.xdsAddress),
      peers: await this.#replicas.start(),
      ...(this.#admission && { webhook: await this.#admission.listen() }),
      ...(this.#tenants && { api: await this.#tenants.listen() }),
      ...(await this.#pages.listen()),
    };
    await tellAddresses(addresses, this.#config.portsFile, this.#logger);
    return addresses;
  }

  /** Resolves once everything that the cluster holds is translated and served. */
  async start(): Promise<void> {
    this.#elector.start();
    const observed = this.#observer.start();
    await this.#controlPlane.start();
    await observed;
    if (!this.#controlPlane.ready) return;
    this.#isObserved = true;
    // Where there is no fleet nobody has said so yet, and what is left of earlier ones may go.
    this.#fleets.changed(new Map());
    this.#fleets.provisioner.start();
    this.#duties.look();
  }

  async stop(): Promise<void> {
    // The Lease first: another replica writes on while this one says goodbye to its proxies.
    await this.#elector.stop();
    // What an API server that is away never answers would leave no time for that.
    const giveUp = setTimeout(() => this.#api.close(), stopPatienceMs);
    await Promise.all([
      this.#claims.stop(),
      this.#quarantines.stop(),
      this.#fleets.provisioner.stop(),
      this.#finalizer.stop(),
      this.#fleets.issuer.stop(),
      this.#events.stop(),
    ]);
    await Promise.all([this.#admission?.stop(), this.#tenants?.stop()]);
    await this.#controlPlane.stop();
    await this.#observer.stop();
    await this.#adsServer.stop();
    await Promise.all([this.#replicas.stop(), this.#pages.close(), this.#ledger.stop()]);
    clearTimeout(giveUp);
    this.#api.close();
  }

  /** For what only the leader does: its writes stop with the Lease. */
  #leaderClockwork() {
    return { ...this.#clockwork(), client: leaderClient(this.#api, () => this.#elector.leading) };
  }

  #clockwork() {
    return { client: this.#api, now: () => new Date(), scheduler: systemScheduler, random: Math.random };
  }

  #observe(key: ObjectKey, stored: StoredObject | undefined): void {
    const { kind, name } = parseObjectKey(key);
    if (kind !== "HostnameRecord") this.#statusWriter.observe(key, stored);
    else this.#claims.observe(name, stored && { ...stored, ...stored.status });
  }

  #createClaims(): RecordKeeper {
    const { controllerName, claimHours } = this.#config;
    return createClusterClaims({
      ...this.#leaderClockwork(),
      controllerName,
      claimHours,
      metrics: this.#metrics,
      logger: this.#logger,
      stored: (object) => this.#statusWriter.stored(object),
      isAbsent: () => this.#source.absentKinds().includes("HostnameRecord"),
      mayWrite: () => this.#elector.leading,
      changed: () => this.#controlPlane.claimsChanged(),
      note: (news) => this.#events.note(news),
    });
  }

  #createStatusWriter(): KubeStatusWriter {
    return new KubeStatusWriter({
      ...this.#leaderClockwork(),
      controllerName: this.#config.controllerName,
      log: this.#logger,
      mayWrite: () => this.#elector.leading,
      onOutcome: (outcome) => this.#metrics.statusUpdates.inc({ outcome }),
      onWritten: (change) => this.#events.record(change),
    });
  }

  #createAdmission(translator: Translator): Admission | undefined {
    const { webhook } = this.#config;
    if (webhook === undefined) return undefined;
    return new Admission({
      config: webhook,
      api: this.#api,
      trust: this.#trust,
      isReady: () => this.#controlPlane.ready,
      judge: (object) => translator.judge(object),
      metrics: this.#metrics,
      logger: this.#logger,
    });
  }

  #createObserver(): ClusterObserver {
    const { namespace, watchNamespaces } = this.#config;
    return new ClusterObserver({
      api: this.#api,
      controlPlaneNamespace: namespace,
      namespaces: watchNamespaces,
      problem: (followed, failure) => this.#source.report(followed, failure),
      sinks: {
        provisioned: (kind, name, object) => this.#fleets.provisioner.observe(kind, name, object),
        gatewayClass: (name, object) => this.#finalizer.observe(name, object),
        secret: (name, object) => {
          this.#trust.observe(name, object);
          this.#fleets.issuer.observe(name, object);
          this.#admission?.identityChanged();
          this.#duties.look();
        },
      },
    });
  }

  /** What is written from what is not all known yet would take away what is right. */
  #createDuties(): LeaderDuties {
    const isTranslated = () => this.#controlPlane.ready;
    const isIdentified = () => this.#trust.current() !== undefined && this.#trust.fleetToken("any") !== undefined;
    return new LeaderDuties([
      { duty: this.#statusWriter, isReady: isTranslated },
      { duty: this.#claims, isReady: isTranslated },
      { duty: this.#quarantines, isReady: isTranslated },
      { duty: this.#fleets.issuer, isReady: isTranslated },
      { duty: this.#finalizer, isReady: isTranslated },
      ...(this.#admission ? [{ duty: this.#admission, isReady: isIdentified }] : []),
      { duty: this.#fleets.provisioner, isReady: () => this.#isObserved && isIdentified() },
    ]);
  }

  #createElector(): LeaderElector {
    const { namespace, leaseName, podName, podAddress, peersAddress } = this.#config;
    const tell = (isLeader: boolean) => {
      this.#logger.info({ isLeader }, isLeader ? "leading" : "not leading any more");
      this.#metrics.leader.set(isLeader ? 1 : 0);
      this.#duties.lead(isLeader);
    };
    return new LeaderElector({
      ...this.#clockwork(),
      namespace,
      name: leaseName,
      identity: podName,
      peerAddress: formatListenAddress({ host: podAddress, port: peersAddress.port }),
      onStartedLeading: () => tell(true),
      onStoppedLeading: () => tell(false),
      onLeaderChange: (leader) => this.#replicas.follow(leader?.identity === podName ? undefined : leader?.address),
      log: this.#logger,
    });
  }
}
