import type { ControllerConfig } from "../controller-config.ts";
import type { NamespacedName, ObjectKey } from "../core/keys.ts";
import { parseNamespacedName, parseObjectKey } from "../core/keys.ts";
import type { Endpoint, EndpointSlice } from "../core/kubernetes.ts";
import { formatListenAddress } from "../settings.ts";
import type { TranslationChanges, Translator } from "./translator.ts";

export interface ReplicaAddressesOptions {
  readonly translator: Pick<Translator, "object">;
  readonly config: Pick<ControllerConfig, "namespace" | "xdsService" | "peersAddress">;
}

/**
 * Knows where the replicas are: behind the Service by which proxies find them, whose EndpointSlices are watched like all
 * others. One that is about to stop counts, as it may have proxies still.
 */
export class ReplicaAddresses {
  readonly #options: ReplicaAddressesOptions;
  readonly #slices = new Map<NamespacedName, readonly string[]>();

  constructor(options: ReplicaAddressesOptions) {
    this.#options = options;
  }

  /** Takes what a flush has changed. */
  published({ objects }: Pick<TranslationChanges, "objects">): void {
    for (const object of objects) this.#look(object);
  }

  /** `host:port` of the channel of each replica for others, this one's too; each once. */
  current(): readonly string[] {
    const { port } = this.#options.config.peersAddress;
    const hosts = new Set([...this.#slices.values()].flat());
    return Array.from(hosts, (host) => formatListenAddress({ host, port }));
  }

  #look(object: ObjectKey): void {
    const { translator, config } = this.#options;
    const { kind, name } = parseObjectKey(object);
    if (kind !== "EndpointSlice" || parseNamespacedName(name).namespace !== config.namespace) return;
    const slice = translator.object("EndpointSlice", name);
    if (slice !== undefined && isOf(slice, config.xdsService)) this.#slices.set(name, addressesOf(slice));
    else this.#slices.delete(name);
  }
}

/** The Service is configured by its DNS name. */
function isOf({ metadata }: EndpointSlice, service: string): boolean {
  return metadata.labels?.["kubernetes.io/service-name"] === service.split(".")[0];
}

function addressesOf({ endpoints = [] }: EndpointSlice): readonly string[] {
  return endpoints.filter(mayServe).flatMap(({ addresses }) => addresses);
}

function mayServe({ conditions: { ready, serving, terminating } = {} }: Endpoint): boolean {
  return ready !== false || serving === true || terminating === true;
}
