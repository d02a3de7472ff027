import type { ControllerConfig } from "../controller-config.ts";
import type { FleetSpec } from "../core/fleet.ts";
import { type NamespacedName, objectKey } from "../core/keys.ts";
import { systemScheduler } from "../core/scheduler.ts";
import { CertificateIssuer } from "../identity/issuer.ts";
import { defaultLifetimes } from "../identity/lifetimes.ts";
import { Trust } from "../identity/trust.ts";
import type { Logger } from "../logger.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import { ClassFinalizer } from "../provision/class-finalizer.ts";
import { Provisioner } from "../provision/provisioner.ts";
import { formatListenAddress } from "../settings.ts";
import { EventRecorder } from "../status/events.ts";
import { KubeStatusWriter } from "../status/kube-writer.ts";
import { LeaderElector } from "../status/leader.ts";
import { version } from "../version.ts";
import { type ClusterSource, createClusterSource } from "../watch/cluster-source.ts";
import { type KubeApi, loadKubeApi } from "../watch/kube-api.ts";
import { ResourceTable } from "../xds/resource-table.ts";
import { type AdsServer, createAdsServer } from "../xds/server.ts";
import { listenForProxies, tellAddresses } from "./addresses.ts";
import { ClusterObserver } from "./cluster-observer.ts";
import { ControlPlane } from "./control-plane.ts";
import { LeaderDuties } from "./leader-duties.ts";
import { Pages } from "./pages.ts";
import { podBootstrap } from "./pod-bootstrap.ts";
import { Replicas } from "./replicas.ts";
import type { Addresses, App } from "./running-app.ts";
import { Translator } from "./translator.ts";
import { substituteFor, xdsMetrics } from "./xds-options.ts";

/** Starts one replica of the control plane of a cluster. It listens when this resolves, and serves once it is ready. */
export async function startController(config: ControllerConfig, logger: Logger): Promise<App> {
  const loaded = loadKubeApi(config.kubeconfig === undefined ? {} : { kubeconfig: config.kubeconfig });
  if (loaded.kind === "failed") throw new Error(loaded.message);
  logger.info({ server: loaded.server, version }, "starting");
  const controller = new Controller(config, loaded.value, logger);
  try {
    const addresses = await controller.listen();
    return { addresses, ready: controller.start(), stop: () => controller.stop() };
  } catch (error) {
    await controller.stop();
    throw error;
  }
}

/** Streams of a replica that stops end over this time, so that the others get its proxies one by one. */
const stopSpreadMs = 5_000;

const hourMs = 3_600_000;

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
  readonly #events: EventRecorder;
  readonly #provisioner: Provisioner;
  readonly #finalizer: ClassFinalizer;
  readonly #issuer: CertificateIssuer;
  readonly #trust: Trust;
  readonly #adsServer: AdsServer;
  readonly #replicas: Replicas;
  readonly #elector: LeaderElector;
  readonly #duties: LeaderDuties;
  readonly #pages: Pages;
  readonly #fleets = new Map<NamespacedName, FleetSpec>();
  #isObserved = false;

  constructor(config: ControllerConfig, api: KubeApi, logger: Logger) {
    this.#config = config;
    this.#api = api;
    this.#logger = logger;
    this.#metrics = createMetrics();
    this.#metrics.buildInfo.set({ version }, 1);
    const { controllerName, bindAddresses, watchNamespaces, trustDomain } = config;
    const translator = new Translator({ controllerName, placement: { kind: "cluster", bindAddresses } });
    const table = new ResourceTable();
    this.#trust = new Trust({ releaseNamespace: config.namespace, log: logger });
    this.#events = new EventRecorder({
      ...this.#clockwork(),
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
      onStored: (key, stored) => this.#statusWriter.observe(key, stored),
      onFacts: (facts) => {
        this.#controlPlane.factsChanged(facts);
        this.#statusWriter.schemasChanged();
      },
    });
    this.#controlPlane = new ControlPlane({
      source: this.#source,
      translator,
      table,
      statusWriter: this.#statusWriter,
      onFleetSpecs: (specs) => this.#fleetsChanged(specs),
      onClassUse: (use) => {
        for (const [name, inUse] of use) this.#finalizer.setUse(name, inUse);
      },
      logger,
      metrics: this.#metrics,
    });
    this.#replicas = new Replicas({
      config,
      material: this.#trust,
      logger,
      onDataPlane: (gateway, state) => this.#controlPlane.proxiesChanged(gateway, state),
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
      substitute: substituteFor,
      onDataPlane: (gateway, state) => this.#replicas.told(gateway, state),
      stopSpreadMs,
    });
    this.#provisioner = this.#createProvisioner();
    this.#finalizer = new ClassFinalizer({
      client: api,
      scheduler: systemScheduler,
      random: Math.random,
      onRefused: (name, message) =>
        logger.warn({ gatewayClass: name, message }, "cannot change the finalizers of a class"),
    });
    this.#issuer = this.#createIssuer();
    this.#observer = this.#createObserver();
    this.#duties = this.#createDuties();
    this.#elector = this.#createElector();
    const observed = {
      translator,
      table,
      statusWriter: this.#statusWriter,
      source: this.#source,
      adsServer: this.#adsServer,
    };
    this.#pages = new Pages({
      config,
      observed,
      controlPlane: this.#controlPlane,
      metrics: this.#metrics,
      logger,
      measure: () => {
        const { queued, waiting, busy } = this.#statusWriter.load;
        this.#metrics.statusWrites.set({ state: "queued" }, queued);
        this.#metrics.statusWrites.set({ state: "waiting" }, waiting);
        this.#metrics.statusWrites.set({ state: "busy" }, busy);
      },
      notReady: () => (this.#trust.current() === undefined ? "there is no certificate for proxies yet" : undefined),
    });
  }

  async listen(): Promise<Addresses> {
    const addresses = {
      xds: await listenForProxies(this.#adsServer, this.#config.xdsAddress),
      peers: await this.#replicas.start(),
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
    this.#fleetsChanged(new Map());
    this.#provisioner.start();
    this.#duties.look();
  }

  async stop(): Promise<void> {
    // The Lease first: another replica writes on while this one says goodbye to its proxies.
    await this.#elector.stop();
    await Promise.all([this.#provisioner.stop(), this.#finalizer.stop(), this.#issuer.stop(), this.#events.stop()]);
    await this.#controlPlane.stop();
    await this.#observer.stop();
    await this.#adsServer.stop();
    await Promise.all([this.#replicas.stop(), this.#pages.close()]);
    this.#api.close();
  }

  #clockwork() {
    return { client: this.#api, now: () => new Date(), scheduler: systemScheduler, random: Math.random };
  }

  #createStatusWriter(): KubeStatusWriter {
    return new KubeStatusWriter({
      ...this.#clockwork(),
      controllerName: this.#config.controllerName,
      log: this.#logger,
      mayWrite: () => this.#elector.leading,
      onOutcome: (outcome) => this.#metrics.statusUpdates.inc({ outcome }),
      onWritten: (change) => this.#events.record(change),
    });
  }

  #createProvisioner(): Provisioner {
    const { proxyImage, agentImage, imagePullPolicy, controllerName } = this.#config;
    const bootstrapOf = podBootstrap(this.#config);
    return new Provisioner({
      client: this.#api,
      controllerName,
      // No fleet is applied before the key of the tokens is known.
      render: {
        proxyImage,
        agentImage,
        imagePullPolicy,
        bootstrapOf,
        drainToken: (uid) => this.#trust.fleetToken(uid) ?? "",
      },
      scheduler: systemScheduler,
      random: Math.random,
      onState: (gateway, state) => this.#controlPlane.fleetChanged(gateway, state),
      onAddressServices: (services) => this.#observer.followServices(services),
      report: ({ gateway, type, reason, message }) => {
        const fields = { gateway, reason };
        if (type === "Warning") this.#logger.warn(fields, message);
        else this.#logger.info(fields, message);
        const uid = this.#fleets.get(gateway)?.uid;
        const object = objectKey("Gateway", gateway);
        if (uid !== undefined) this.#events.note({ object, uid, type, reason, note: message });
      },
      onError: (gateway, error) => this.#logger.error({ gateway, err: error }, "a fleet could not be worked on"),
    });
  }

  #createIssuer(): CertificateIssuer {
    const { namespace, xdsService, clusterDomain, trustDomain, fleetCertificateHours } = this.#config;
    const certificateMs = fleetCertificateHours * hourMs;
    return new CertificateIssuer({
      kube: this.#api,
      releaseNamespace: namespace,
      serverNames: [xdsService, `${xdsService}.${clusterDomain}`],
      trustDomain,
      log: this.#logger,
      clock: () => Date.now(),
      scheduler: systemScheduler,
      lifetimes: { ...defaultLifetimes, certificateMs, learnMs: 2 * certificateMs },
    });
  }

  #createObserver(): ClusterObserver {
    const { namespace, watchNamespaces } = this.#config;
    return new ClusterObserver({
      api: this.#api,
      controlPlaneNamespace: namespace,
      namespaces: watchNamespaces,
      logger: this.#logger,
      sinks: {
        provisioned: (kind, name, object) => this.#provisioner.observe(kind, name, object),
        gatewayClass: (name, object) => this.#finalizer.observe(name, object),
        secret: (name, object) => {
          this.#trust.observe(name, object);
          this.#issuer.observe(name, object);
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
      { duty: this.#issuer, isReady: isTranslated },
      { duty: this.#finalizer, isReady: isTranslated },
      { duty: this.#provisioner, isReady: () => this.#isObserved && isIdentified() },
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

  #fleetsChanged(specs: ReadonlyMap<NamespacedName, FleetSpec | undefined>): void {
    for (const [gateway, spec] of specs) {
      if (spec === undefined) this.#fleets.delete(gateway);
      else this.#fleets.set(gateway, spec);
      this.#provisioner.setFleet(gateway, spec);
    }
    const identities = [...this.#fleets.values()].map(({ gateway, uid }) => ({ gateway, uid }));
    this.#trust.setFleets(identities);
    this.#issuer.setFleets(identities);
  }
}
