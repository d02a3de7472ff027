import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { decodeMessage, encodeMessage } from "../../../proto/messages.ts";
import { type ResourceType, resourceTypeOf, resourceTypes, typeUrls } from "../../../src/core/xds-resource.ts";

/** A resource as a proxy holds it. */
export interface HeldResource {
  readonly version: string;
  readonly bytes: Uint8Array;
}

/** The resources that many proxies hold, in memory once; and that one version has the same bytes everywhere. */
export class SharedResources {
  readonly #latest = new Map<string, HeldResource>();
  /** Names whose bytes differed although the version was the same. */
  readonly differing: string[] = [];

  share(type: ResourceType, name: string, resource: HeldResource): HeldResource {
    const key = `${type} ${name}`;
    const known = this.#latest.get(key);
    if (known?.version === resource.version) {
      if (Buffer.compare(known.bytes, resource.bytes) === 0) return known;
      this.differing.push(`${key} ${resource.version}`);
    }
    this.#latest.set(key, resource);
    return resource;
  }
}

export interface FollowingEnvoyOptions {
  readonly address: string;
  /** The Gateway. */
  readonly cluster: string;
  readonly nodeId: string;
  readonly shared: SharedResources;
  /** Why it refuses a resource, if it does. */
  readonly refuse?: (type: ResourceType, resource: HeldResource) => string | undefined;
}

type Stream = ClientDuplexStream<Uint8Array, Uint8Array>;
const method = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
const reconnectMs = 300;

/**
 * A delta client that does what Envoy does: it asks for what its clusters, listeners and scopes name, refuses whole responses,
 * and connects again with the versions that it holds. It is light enough for hundreds of them in one process.
 */
export class FollowingEnvoy {
  readonly #options: FollowingEnvoyOptions;
  readonly #held = new Map<ResourceType, Map<string, HeldResource>>(resourceTypes.map((type) => [type, new Map()]));
  readonly #names = new Map<ResourceType, Set<string>>();
  #client: Client | undefined;
  #stream: Stream | undefined;
  #asked = new Set<ResourceType>();
  #isClosed = false;
  #again: NodeJS.Timeout | undefined;
  #isCut = false;
  refusals = 0;
  /** Why streams have ended, but for those that were cut here. */
  readonly ends: string[] = [];

  constructor(options: FollowingEnvoyOptions) {
    this.#options = options;
    this.#connect();
  }

  held(type: ResourceType): ReadonlyMap<string, HeldResource> {
    return this.#held.get(type) ?? new Map();
  }

  /** Reads nothing: flow control lets the server wait. */
  stall(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  /** Lets go of the connection without a word. It comes back. */
  cut(): void {
    this.#isCut = true;
    this.#stream?.cancel();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#again);
    this.#stream?.cancel();
    this.#client?.close();
  }

  #connect(): void {
    const options = { "grpc.max_receive_message_length": -1, "grpc.use_local_subchannel_pool": 1 };
    this.#client = new Client(this.#options.address, credentials.createInsecure(), options);
    const asIs = (bytes: Uint8Array) => Buffer.from(bytes);
    const stream: Stream = this.#client.makeBidiStreamRequest(method, asIs, (bytes: Buffer) => bytes);
    this.#stream = stream;
    this.#asked = new Set();
    stream.on("data", (bytes: Uint8Array) => this.#receive(bytes));
    // How it ended does not matter: it is tried again.
    stream.on("error", () => {});
    stream.on("status", ({ code, details }) => this.#ended(`${code} ${details}`));
    this.#ask("cluster", []);
    this.#ask("listener", []);
    for (const type of ["endpoint", "scope", "route"] as const) {
      const names = this.#names.get(type);
      if (names !== undefined) this.#ask(type, [...names]);
    }
  }

  #ended(why: string): void {
    this.#stream = undefined;
    this.#client?.close();
    if (!this.#isCut && !this.#isClosed) this.ends.push(why);
    this.#isCut = false;
    if (this.#isClosed) return;
    this.#again = setTimeout(() => this.#connect(), reconnectMs + Math.random() * reconnectMs);
  }

  #receive(bytes: Uint8Array): void {
    const message = decodeMessage("envoy.service.discovery.v3.DeltaDiscoveryResponse", bytes);
    const type = resourceTypeOf(message.typeUrl ?? "");
    if (type === undefined) throw new Error(`a response of an unknown type: ${message.typeUrl}`);
    const arrived = (message.resources ?? []).map(({ name = "", version = "", resource }) => {
      return [name, { version, bytes: resource?.value ?? new Uint8Array() }] as const;
    });
    const reasons = arrived.flatMap(([, resource]) => this.#options.refuse?.(type, resource) ?? []);
    if (reasons.length > 0) {
      this.refusals += 1;
      this.#send(type, { responseNonce: message.nonce, errorDetail: { code: 13, message: reasons.join("; ") } });
      return;
    }
    const held = this.#held.get(type);
    for (const [name, resource] of arrived) held?.set(name, this.#options.shared.share(type, name, resource));
    for (const name of message.removedResources ?? []) held?.delete(name);
    this.#send(type, { responseNonce: message.nonce });
    this.#follow(type);
  }

  #follow(type: ResourceType): void {
    if (type === "cluster") this.#want("endpoint", new Set(this.held("cluster").keys()));
    if (type !== "listener" && type !== "scope") return;
    const tables = new Set([...this.held("scope").values()].map(tableOfScope));
    for (const { bytes } of this.held("listener").values()) {
      for (const table of tablesOfListener(bytes)) {
        if (table === undefined) this.#want("scope", new Set());
        else tables.add(table);
      }
    }
    this.#want("route", tables);
  }

  #want(type: ResourceType, names: Set<string>): void {
    const before = this.#names.get(type);
    this.#names.set(type, names);
    const added = [...names].filter((name) => before?.has(name) !== true);
    const dropped = [...(before ?? [])].filter((name) => !names.has(name));
    for (const name of dropped) this.#held.get(type)?.delete(name);
    if (before === undefined || added.length > 0) this.#ask(type, added);
    if (dropped.length > 0) this.#send(type, { resourceNamesUnsubscribe: dropped });
  }

  #ask(type: ResourceType, names: readonly string[]): void {
    const isFirst = !this.#asked.has(type);
    this.#asked.add(type);
    const versions = [...this.held(type)].map(([name, { version }]) => [name, version] as const);
    this.#send(type, {
      resourceNamesSubscribe: [...names],
      ...(isFirst && { initialResourceVersions: Object.fromEntries(versions) }),
    });
  }

  #send(type: ResourceType, fields: object): void {
    const { cluster, nodeId } = this.#options;
    const node = {
      node: { id: nodeId, cluster, userAgentBuildVersion: { version: { majorNumber: 1, minorNumber: 40 } } },
    };
    const isFirst = this.#asked.size === 1 && type === "cluster";
    this.#stream?.write(
      encodeMessage("envoy.service.discovery.v3.DeltaDiscoveryRequest", {
        ...(isFirst ? node : {}),
        typeUrl: typeUrls[type],
        ...fields,
      }),
    );
  }
}

function tableOfScope({ bytes }: HeldResource): string {
  return decodeMessage("envoy.config.route.v3.ScopedRouteConfiguration", bytes).routeConfigurationName ?? "";
}

/** The tables that a listener names; undefined for one that looks its tables up in scopes. */
function tablesOfListener(bytes: Uint8Array): readonly (string | undefined)[] {
  const { filterChains = [] } = decodeMessage("envoy.config.listener.v3.Listener", bytes);
  return filterChains.flatMap(({ filters = [] }) =>
    filters.flatMap(({ typedConfig }) => {
      const type = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
      if (typedConfig?.type_url?.endsWith(type) !== true) return [];
      return [decodeMessage(type, typedConfig.value ?? new Uint8Array()).rds?.routeConfigName];
    }),
  );
}
