import { fleetLabels, fleetSecretName, managedBy } from "../core/fleet-names.ts";
import { kinds, type NamespacedName, parseNamespacedName } from "../core/keys.ts";
import type { KubeFailure, RawObject, ResourceKind } from "../core/kube-client.ts";
import { type Scheduler, systemScheduler } from "../core/scheduler.ts";
import { authoritySecretName, serverSecretName } from "../identity/identity-secrets.ts";
import type { SecretName } from "../identity/secret-store.ts";
import type { ProvisionObservedKind } from "../provision/provisioner.ts";
import { fleetObjectKindNames, fleetObjectKinds } from "../provision/render/fleet-object.ts";
import type { KubeApi } from "../watch/kube-api.ts";
import { createReflector, type Reflector } from "../watch/reflector.ts";

/** Who hears about what Gatehouse itself keeps in the cluster. An object of undefined is gone. */
export interface ObserverSinks {
  readonly provisioned: (kind: ProvisionObservedKind, name: NamespacedName, object: RawObject | undefined) => void;
  readonly gatewayClass: (name: string, object: RawObject | undefined) => void;
  /** Secrets of fleets come as metadata, those of the control plane with their data. */
  readonly secret: (name: SecretName, object: RawObject | undefined) => void;
}

export interface ClusterObserverOptions {
  readonly api: KubeApi;
  readonly controlPlaneNamespace: string;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly sinks: ObserverSinks;
  readonly scheduler?: Scheduler;
  /** Told what does not work about what is followed, and, undefined, that it works again. */
  readonly problem: (followed: string, failure: KubeFailure | undefined) => void;
}

interface Watched {
  readonly resource: ResourceKind;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly metadataOnly?: boolean;
  /** Whether fleets are looked after also when this is refused. */
  readonly optional?: boolean;
  readonly tell: (name: NamespacedName, object: RawObject | undefined) => void;
}

/** Follows what Gatehouse itself keeps in the cluster: the objects of fleets, certificates, and what addresses follow from. */
export class ClusterObserver {
  readonly #options: ClusterObserverOptions;
  readonly #reflectors: Reflector[] = [];
  readonly #services = new Map<NamespacedName, () => Promise<void>>();

  constructor(options: ClusterObserverOptions) {
    this.#options = options;
  }

  /** Resolves once everything that is there has been told. */
  async start(): Promise<void> {
    await Promise.all(this.#watched().map((watched) => this.#follow(watched, this.#reflectors)));
  }

  /** Says of which Services the addresses are wanted besides those of fleets, all of them. */
  followServices(names: readonly NamespacedName[]): void {
    for (const [name, stop] of this.#services) {
      if (names.includes(name)) continue;
      this.#services.delete(name);
      void stop();
    }
    for (const name of names) {
      if (!this.#services.has(name)) this.#services.set(name, this.#followService(name));
    }
  }

  async stop(): Promise<void> {
    await Promise.all([
      ...this.#reflectors.map((reflector) => reflector.stop()),
      ...[...this.#services.values()].map((stop) => stop()),
    ]);
  }

  #followService(key: NamespacedName): () => Promise<void> {
    const { namespace = "", name } = parseNamespacedName(key);
    const watched: Watched = {
      resource: fleetObjectKinds.Service,
      namespace,
      fieldSelector: nameIs(name),
      optional: true,
      tell: (service, object) => this.#options.sinks.provisioned("AddressService", service, object),
    };
    const started: Reflector[] = [];
    void this.#follow(watched, started);
    return async () => {
      this.#options.problem(labelOf(watched), undefined);
      await Promise.all(started.map((reflector) => reflector.stop()));
    };
  }

  #watched(): readonly Watched[] {
    const { controlPlaneNamespace, namespaces, sinks } = this.#options;
    const places = namespaces.length === 0 ? [{}] : namespaces.map((namespace) => ({ namespace, optional: true }));
    const secret = (name: NamespacedName, object: RawObject | undefined) => {
      const { namespace = "", name: own } = parseNamespacedName(name);
      sinks.secret({ namespace, name: own }, object);
    };
    return [
      ...places.flatMap((place) => [
        ...fleetObjectKindNames.map((kind) => ({
          ...place,
          resource: fleetObjectKinds[kind],
          labelSelector: `${fleetLabels.managedBy}=${managedBy}`,
          tell: (name: NamespacedName, object: RawObject | undefined) => sinks.provisioned(kind, name, object),
        })),
        { ...place, resource: secrets, fieldSelector: nameIs(fleetSecretName), metadataOnly: true, tell: secret },
      ]),
      ...[authoritySecretName, serverSecretName].map((name) => ({
        resource: secrets,
        namespace: controlPlaneNamespace,
        fieldSelector: nameIs(name),
        tell: secret,
      })),
      // Only the addresses of NodePort Services come from nodes; and before there are classes there is no fleet.
      { resource: nodes, optional: true, tell: (name, object) => sinks.provisioned("Node", name, object) },
      {
        resource: gatewayClasses,
        metadataOnly: true,
        optional: true,
        tell: (name, object) => sinks.gatewayClass(name, object),
      },
    ];
  }

  #follow({ tell, ...where }: Watched, reflectors: Reflector[]): Promise<void> {
    const { api, problem, scheduler = systemScheduler } = this.#options;
    return new Promise((resolve) => {
      const events = {
        set: tell,
        delete: (name: NamespacedName) => tell(name, undefined),
        batch: () => {},
        synced: resolve,
        problem: (failure: KubeFailure | undefined) => problem(labelOf(where), failure),
      };
      const reflector = createReflector({ api, ...where, events, scheduler, random: Math.random });
      reflectors.push(reflector);
      reflector.start();
    });
  }
}

const secrets: ResourceKind = { group: "", version: "v1", plural: "secrets" };
const nodes: ResourceKind = { group: "", version: "v1", plural: "nodes" };
const gatewayClasses: ResourceKind = {
  group: kinds.GatewayClass.group,
  version: kinds.GatewayClass.versions[0],
  plural: kinds.GatewayClass.plural,
};

function nameIs(name: string): string {
  return `metadata.name=${name}`;
}

/** Tells what is followed for fleets apart from the same kinds that are read for routes. */
function labelOf({ resource, namespace, fieldSelector }: Omit<Watched, "tell">): string {
  const place = namespace === undefined ? "" : ` of ${namespace}`;
  return `${resource.plural}${place}${fieldSelector === undefined ? "" : ` with ${fieldSelector}`}, for fleets`;
}
