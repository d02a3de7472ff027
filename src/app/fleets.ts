import type { ControllerConfig } from "../controller-config.ts";
import type { FleetSpec, FleetState } from "../core/fleet.ts";
import { type NamespacedName, objectKey } from "../core/keys.ts";
import type { KubeClient } from "../core/kube-client.ts";
import { systemScheduler } from "../core/scheduler.ts";
import { CertificateIssuer } from "../identity/issuer.ts";
import { defaultLifetimes } from "../identity/lifetimes.ts";
import type { Trust } from "../identity/trust.ts";
import type { Logger } from "../logger.ts";
import { Provisioner } from "../provision/provisioner.ts";
import type { FleetReport } from "../provision/report.ts";
import type { EventNews } from "../status/events.ts";
import { podBootstrap } from "./pod-bootstrap.ts";
import { serverNames } from "./server-names.ts";

/** What fleets are looked after with. */
export interface FleetsParts {
  readonly config: ControllerConfig;
  readonly client: KubeClient;
  readonly trust: Trust;
  readonly logger: Logger;
  readonly onState: (gateway: NamespacedName, state: FleetState | undefined) => void;
  /** Told which Services give Gateways their addresses. */
  readonly onAddressServices: (services: readonly NamespacedName[]) => void;
  readonly note: (news: EventNews) => void;
}

const hourMs = 3_600_000;

/** The proxies that Gateways want: who runs them, and who gives them their certificates. */
export class Fleets {
  readonly provisioner: Provisioner;
  readonly issuer: CertificateIssuer;
  readonly #parts: FleetsParts;
  readonly #specs = new Map<NamespacedName, FleetSpec>();

  constructor(parts: FleetsParts) {
    this.#parts = parts;
    this.provisioner = this.#createProvisioner();
    this.issuer = createIssuer(parts);
  }

  /** Takes what became of fleets; undefined: there is none any more. */
  changed(specs: ReadonlyMap<NamespacedName, FleetSpec | undefined>): void {
    for (const [gateway, spec] of specs) {
      if (spec === undefined) this.#specs.delete(gateway);
      else this.#specs.set(gateway, spec);
      this.provisioner.setFleet(gateway, spec);
    }
    const identities = [...this.#specs.values()].map(({ gateway, uid }) => ({ gateway, uid }));
    this.#parts.trust.setFleets(identities);
    this.issuer.setFleets(identities);
  }

  #createProvisioner(): Provisioner {
    const { config, client, trust, logger, onState, onAddressServices } = this.#parts;
    const { proxyImage, agentImage, imagePullPolicy, controllerName } = config;
    return new Provisioner({
      client,
      controllerName,
      // No fleet is applied before the key of the tokens is known.
      render: {
        proxyImage,
        agentImage,
        imagePullPolicy,
        bootstrapOf: podBootstrap(config),
        drainToken: (uid) => trust.fleetToken(uid) ?? "",
      },
      scheduler: systemScheduler,
      random: Math.random,
      onState,
      onAddressServices,
      report: (report) => this.#tell(report),
      onError: (gateway, error) => logger.error({ gateway, err: error }, "a fleet could not be worked on"),
    });
  }

  #tell({ gateway, type, reason, message }: FleetReport): void {
    const { logger, note } = this.#parts;
    const fields = { gateway, reason };
    if (type === "Warning") logger.warn(fields, message);
    else logger.info(fields, message);
    const uid = this.#specs.get(gateway)?.uid;
    if (uid !== undefined) note({ object: objectKey("Gateway", gateway), uid, type, reason, note: message });
  }
}

function createIssuer({ config, client, logger }: FleetsParts): CertificateIssuer {
  const { namespace, trustDomain, fleetCertificateHours } = config;
  const certificateMs = fleetCertificateHours * hourMs;
  return new CertificateIssuer({
    kube: client,
    releaseNamespace: namespace,
    serverNames: serverNames(config),
    trustDomain,
    log: logger,
    clock: () => Date.now(),
    scheduler: systemScheduler,
    lifetimes: { ...defaultLifetimes, certificateMs, learnMs: 2 * certificateMs },
  });
}
