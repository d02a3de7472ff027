import { fileURLToPath } from "node:url";
import { type ChannelCredentials, type ClientDuplexStream, credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { decodeMessage } from "../../proto/messages.ts";
import { type ResourceType, resourceTypeOf, typeUrls } from "../../src/core/xds-resource.ts";

export type Transport = "delta" | "sotw";

/** One response, in terms that both variants share. */
export interface Answer {
  readonly type: ResourceType;
  readonly nonce: string;
  /** Of the whole response; empty in delta. */
  readonly version: string;
  /** Bytes and (delta) version by name. */
  readonly resources: ReadonlyMap<string, { readonly version: string; readonly bytes: Uint8Array }>;
  readonly removed: readonly string[];
}

export interface FakeEnvoyOptions {
  readonly port: number;
  readonly transport: Transport;
  /** node.cluster: the Gateway. */
  readonly cluster: string;
  readonly nodeId?: string;
  readonly credentials?: ChannelCredentials;
}

/** How a stream ended, in gRPC's terms. */
export interface StreamEnd {
  readonly code: number;
  readonly details: string;
}

/** Fields of a request as they are on the wire, in the names of the .proto files. */
export type WireRequest = Readonly<Record<string, unknown>>;

/**
 * A scripted Envoy over a real connection: it does what a test says and nothing else. Its messages are encoded and decoded
 * by another library, from the upstream .proto files, so it is a second opinion on our bytes.
 */
export class FakeEnvoy {
  readonly transport: Transport;
  readonly #options: FakeEnvoyOptions;
  readonly #client: AdsClient;
  #stream: AdsCall | undefined;
  #node: WireRequest | undefined;
  #waiting: (() => void)[] = [];
  #unread: Answer[] = [];
  #types = new Map<ResourceType, ClientType>();
  #probes = 0;
  /** Every response of this stream except those to probes, in order of arrival. */
  received: Answer[] = [];
  ended: Promise<StreamEnd> = Promise.resolve({ code: 0, details: "" });

  constructor(options: FakeEnvoyOptions) {
    this.#options = options;
    this.transport = options.transport;
    this.#client = new Ads(`127.0.0.1:${options.port}`, options.credentials ?? credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      // Clients of one process share a connection unless told otherwise, and a server limits streams by connection.
      "grpc.use_local_subchannel_pool": 1,
      // Soon enough for tests that wait for a server.
      "grpc.initial_reconnect_backoff_ms": 200,
      "grpc.max_reconnect_backoff_ms": 1_000,
    });
    this.#open();
  }

  /** Asks for resources by name, or for everything when none is named. */
  subscribe(type: ResourceType, ...names: readonly string[]): void {
    const client = this.#type(type);
    for (const name of names) client.names.add(name);
    if (this.transport === "sotw") this.#sendSotw(type, {});
    else this.request(type, { resource_names_subscribe: names });
  }

  unsubscribe(type: ResourceType, ...names: readonly string[]): void {
    const client = this.#type(type);
    for (const name of names) client.names.delete(name);
    if (this.transport === "sotw") this.#sendSotw(type, {});
    else this.request(type, { resource_names_unsubscribe: names });
  }

  /** Sends any request; the node is added to the first of a stream. */
  request(type: ResourceType | undefined, fields: WireRequest): void {
    const node = this.#node;
    this.#node = undefined;
    const typeUrl = type === undefined ? {} : { type_url: typeUrls[type] };
    this.#stream?.write({ ...(node !== undefined && { node }), ...typeUrl, ...fields });
  }

  /** Takes a response: its resources are held from now on. Fields are added to the same request. */
  ack(answer: Answer, fields: WireRequest = {}): void {
    const client = this.#type(answer.type);
    client.nonce = answer.nonce;
    client.version = answer.version;
    for (const [name, { version }] of answer.resources) client.held.set(name, version);
    for (const name of answer.removed) client.held.delete(name);
    this.#answer(answer, fields);
  }

  /** Refuses a response. */
  nack(answer: Answer, message: string, fields: WireRequest = {}): void {
    this.#type(answer.type).nonce = answer.nonce;
    this.#answer(answer, { error_detail: { code: 13, message }, ...fields });
  }

  /** The next response of a type that was not asked for before. */
  async next(type: ResourceType): Promise<Answer> {
    for (;;) {
      const index = this.#unread.findIndex((answer) => answer.type === type);
      const [answer] = index < 0 ? [] : this.#unread.splice(index, 1);
      if (answer !== undefined) return answer;
      await this.#arrival(`a response of type ${type}`);
    }
  }

  /** The next response of a type, acknowledged. */
  async take(type: ResourceType): Promise<Answer> {
    const answer = await this.next(type);
    this.ack(answer);
    return answer;
  }

  /**
   * Resolves once everything that the server wanted to send has arrived. `provide` makes a secret of the given name: a
   * probe is sent before listeners, scopes and routes, so each lets one more of them pass.
   */
  async flush(provide: (name: string) => void): Promise<void> {
    for (let round = 0; round < 4; round += 1) {
      this.#probes += 1;
      const name = `${probePrefix}${this.#options.nodeId ?? ""}-${this.#probes}`;
      provide(name);
      this.subscribe("secret", name);
      while (!this.#type("secret").held.has(name)) await this.#arrival("a probe");
    }
  }

  /** Responses that arrived and were not asked for, except those to probes. */
  unread(): readonly Answer[] {
    return this.#unread;
  }

  /** Stops reading: flow control makes the server's writes wait. */
  stall(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  /** Opens a new stream; what was acknowledged is told on it, as Envoy does, or forgotten. */
  async reconnect({ keepVersions }: { readonly keepVersions: boolean }): Promise<void> {
    this.#stream?.cancel();
    await this.ended;
    const before = this.#types;
    this.#types = new Map();
    this.received = [];
    this.#unread = [];
    this.#open();
    if (!keepVersions) return;
    for (const [type, { held, version }] of before) {
      const client = this.#type(type);
      client.version = version;
      for (const [name, heldVersion] of held) client.held.set(name, heldVersion);
    }
  }

  /** Asks again after a reconnect, with what is held. */
  resubscribe(type: ResourceType, ...names: readonly string[]): void {
    const client = this.#type(type);
    if (this.transport === "sotw") this.subscribe(type, ...names);
    else {
      this.request(type, {
        resource_names_subscribe: names,
        initial_resource_versions: Object.fromEntries(client.held),
      });
    }
  }

  /** Names by which the client holds resources of a type. */
  held(type: ResourceType): ReadonlyMap<string, string> {
    return this.#type(type).held;
  }

  /** Sends another node in the middle of the stream. */
  nodeFlip(type: ResourceType, node: WireRequest): void {
    this.request(type, { node: { ...this.#nodeFields(), ...node } });
  }

  /** Half-closes or cancels the stream, and lets go of the connection. */
  async close(): Promise<void> {
    this.#stream?.cancel();
    await this.ended;
    this.#client.close();
  }

  #open(): void {
    this.#node = this.#nodeFields();
    const isDelta = this.transport === "delta";
    const stream = isDelta ? this.#client.DeltaAggregatedResources() : this.#client.StreamAggregatedResources();
    this.#stream = stream;
    stream.on("data", (message: WireResponse) => this.#receive(stream, message));
    stream.on("error", () => {});
    this.ended = new Promise((resolve) => {
      stream.on("status", (status: StreamEnd) => {
        resolve({ code: status.code, details: status.details });
        this.#wake();
      });
    });
  }

  #nodeFields(): WireRequest {
    const { nodeId, cluster } = this.#options;
    const version = { major_number: 1, minor_number: 40, patch: 0 };
    return { id: nodeId ?? "proxy-0", cluster, user_agent_build_version: { version } };
  }

  #receive(stream: AdsCall, message: WireResponse): void {
    if (stream !== this.#stream) return;
    const answer = this.transport === "delta" ? readDelta(message) : readSotw(message);
    if ([...answer.resources.keys()].some((name) => name.startsWith(probePrefix))) this.ack(answer);
    else {
      this.received.push(answer);
      this.#unread.push(answer);
    }
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  async #arrival(what: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${what} never came; unread: ${describe(this.#unread)}`)), 20_000);
    });
    try {
      await Promise.race([new Promise<void>((resolve) => this.#waiting.push(resolve)), patience]);
    } finally {
      clearTimeout(timer);
    }
  }

  #answer({ type, nonce }: Answer, fields: WireRequest): void {
    if (this.transport === "delta") this.request(type, { response_nonce: nonce, ...fields });
    else this.#sendSotw(type, { response_nonce: nonce, ...fields });
  }

  #sendSotw(type: ResourceType, fields: WireRequest): void {
    const { names, version, nonce } = this.#type(type);
    this.request(type, { resource_names: [...names], version_info: version, response_nonce: nonce, ...fields });
  }

  #type(type: ResourceType): ClientType {
    const client = this.#types.get(type) ?? { names: new Set(), held: new Map(), version: "", nonce: "" };
    this.#types.set(type, client);
    return client;
  }
}

/** What a test prints of responses when it fails. */
export function describe(answers: readonly Answer[]): string {
  return answers
    .map(({ type, resources, removed }) => `${type} +[${[...resources.keys()].join()}] -[${removed.join()}]`)
    .join("; ");
}

interface ClientType {
  readonly names: Set<string>;
  readonly held: Map<string, string>;
  version: string;
  nonce: string;
}

const probePrefix = "probe-";

interface WireResponse {
  readonly type_url: string;
  readonly nonce: string;
  readonly version_info?: string;
  readonly resources: readonly WireResource[];
  readonly removed_resources?: readonly string[];
}

interface WireResource {
  readonly name?: string;
  readonly version?: string;
  readonly resource?: { readonly value: Buffer };
  readonly value?: Buffer;
}

type AdsCall = ClientDuplexStream<WireRequest, WireResponse>;

interface AdsClient {
  DeltaAggregatedResources(): AdsCall;
  StreamAggregatedResources(): AdsCall;
  close(): void;
}

const Ads = loadAds();

function loadAds(): new (...parameters: [string, ChannelCredentials, object]) => AdsClient {
  const deps = fileURLToPath(new URL("../../node_modules/@grpc/grpc-js-xds/deps/", import.meta.url));
  const definition = loadSync("envoy/service/discovery/v3/ads.proto", {
    includeDirs: ["envoy-api", "googleapis", "protoc-gen-validate", "xds"].map((name) => deps + name),
    keepCase: true,
    defaults: true,
  });
  // What the definition holds is known from the .proto file only.
  const root = loadPackageDefinition(definition) as unknown as {
    envoy: { service: { discovery: { v3: { AggregatedDiscoveryService: ReturnType<typeof loadAds> } } } };
  };
  return root.envoy.service.discovery.v3.AggregatedDiscoveryService;
}

function readDelta(message: WireResponse): Answer {
  const resources = message.resources.map(({ name, version, resource }) => {
    return [name ?? "", { version: version ?? "", bytes: resource?.value ?? new Uint8Array() }] as const;
  });
  return {
    type: typeOf(message),
    nonce: message.nonce,
    version: "",
    resources: unique(resources),
    removed: message.removed_resources ?? [],
  };
}

function readSotw(message: WireResponse): Answer {
  const type = typeOf(message);
  const resources = message.resources.map(({ value }) => {
    const bytes = value ?? new Uint8Array();
    return [nameIn(type, bytes), { version: message.version_info ?? "", bytes }] as const;
  });
  return { type, nonce: message.nonce, version: message.version_info ?? "", resources: unique(resources), removed: [] };
}

/** No response may hold a name twice. */
function unique<V>(entries: readonly (readonly [string, V])[]): ReadonlyMap<string, V> {
  const map = new Map(entries);
  if (map.size !== entries.length) throw new Error(`a response holds a name twice: ${entries.map(([name]) => name)}`);
  return map;
}

function typeOf({ type_url }: WireResponse): ResourceType {
  const type = resourceTypeOf(type_url);
  if (type === undefined) throw new Error(`a response of an unknown type: ${type_url}`);
  return type;
}

/** State of the world names no resource: the name is inside. */
function nameIn(type: ResourceType, bytes: Uint8Array): string {
  if (type === "endpoint") {
    return decodeMessage("envoy.config.endpoint.v3.ClusterLoadAssignment", bytes).clusterName ?? "";
  }
  return decodeMessage(messageNames[type], bytes).name ?? "";
}

const messageNames = {
  cluster: "envoy.config.cluster.v3.Cluster",
  secret: "envoy.extensions.transport_sockets.tls.v3.Secret",
  listener: "envoy.config.listener.v3.Listener",
  scope: "envoy.config.route.v3.ScopedRouteConfiguration",
  route: "envoy.config.route.v3.RouteConfiguration",
} as const;
