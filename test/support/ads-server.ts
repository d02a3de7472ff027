import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { decodeMessage, encodeMessage } from "../../proto/messages.ts";
import {
  type ResourceType,
  resourceTypeOf,
  resourceTypes,
  type TypeUrl,
  typeUrls,
  type XdsResource,
} from "../../src/core/xds-resource.ts";

/** A refused response, in Envoy's words. */
export interface Refusal {
  readonly type: ResourceType;
  readonly message: string;
}

/**
 * An ADS server that does what a test tells it, good or bad: it sends what it is given at once, in one response for each
 * type of a push, and never heals anything.
 */
export interface TestAdsServer {
  readonly port: number;
  readonly refusals: readonly Refusal[];
  /** Sets resources and sends them to whoever subscribes, one response for each type, in make-before-break order. */
  push(...resources: readonly XdsResource[]): void;
  /** Sets resources without sending them; a later subscription gets them. */
  prepare(...resources: readonly XdsResource[]): void;
  /** Removes resources and says so. */
  remove(...resources: readonly Pick<XdsResource, "type" | "name">[]): void;
  /** Requests of this type get no answer until it is released. */
  hold(type: ResourceType): void;
  release(type: ResourceType): void;
  /** Whether every response was acknowledged or refused, and everything subscribed to was sent. */
  settled(): boolean;
  /** Responses sent so far, by type. */
  sent(type: ResourceType): number;
  /** Names that a proxy subscribes to. */
  subscribed(type: ResourceType): ReadonlySet<string>;
  /** Ends all streams; Envoy connects again. */
  disconnect(): void;
  stop(): Promise<void>;
}

export interface TestAdsServerOptions {
  readonly address?: string;
}

/** Starts a test ADS server that speaks both protocols, delta and state of the world. */
export async function startAdsServer({ address = "127.0.0.1" }: TestAdsServerOptions = {}): Promise<TestAdsServer> {
  const state = createState();
  const server = new Server({ "grpc.max_receive_message_length": 64 * 1024 * 1024 });
  server.addService(service, {
    DeltaAggregatedResources: (call: Call) => serveDelta(state, call),
    StreamAggregatedResources: (call: Call) => serveStateOfTheWorld(state, call),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${address}:0`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return control(state, { port, stop: () => server.forceShutdown() });
}

type Call = ServerDuplexStream<Buffer, Buffer>;

const wildcardTypes: ReadonlySet<ResourceType> = new Set(["cluster", "listener", "scope"]);

const method = (path: string) => ({
  path: `/envoy.service.discovery.v3.AggregatedDiscoveryService/${path}`,
  requestStream: true,
  responseStream: true,
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
});

const service = {
  DeltaAggregatedResources: method("DeltaAggregatedResources"),
  StreamAggregatedResources: method("StreamAggregatedResources"),
};

interface Stream {
  readonly names: Map<ResourceType, Set<string>>;
  readonly sentVersions: Map<string, string>;
  readonly open: Set<string>;
  send(type: ResourceType, resources: readonly XdsResource[], removed: readonly string[]): void;
  end(): void;
}

interface State {
  readonly resources: Map<ResourceType, Map<string, XdsResource>>;
  readonly streams: Set<Stream>;
  readonly refusals: Refusal[];
  readonly held: Set<ResourceType>;
  readonly sent: Map<ResourceType, number>;
  nonce: number;
}

function createState(): State {
  return {
    resources: new Map(resourceTypes.map((type) => [type, new Map()])),
    streams: new Set(),
    refusals: [],
    held: new Set(),
    sent: new Map(),
    nonce: 0,
  };
}

function control(state: State, server: { port: number; stop(): void }): TestAdsServer {
  const prepare = (...resources: readonly XdsResource[]) => {
    for (const resource of resources) state.resources.get(resource.type)?.set(resource.name, resource);
  };
  return {
    port: server.port,
    refusals: state.refusals,
    prepare,
    push: (...resources) => {
      prepare(...resources);
      for (const type of resourceTypes) {
        // Of one name the last counts; a response must not hold two.
        const byName = new Map(resources.filter((resource) => resource.type === type).map((one) => [one.name, one]));
        const changed = [...byName.values()];
        for (const stream of state.streams) sendWanted(state, stream, { type, changed, removed: [] });
      }
    },
    remove: (...resources) => {
      for (const { type, name } of resources) state.resources.get(type)?.delete(name);
      for (const type of [...resourceTypes].reverse()) {
        const removed = resources.filter((resource) => resource.type === type).map(({ name }) => name);
        for (const stream of state.streams) sendWanted(state, stream, { type, changed: [], removed });
      }
    },
    hold: (type) => state.held.add(type),
    release: (type) => {
      state.held.delete(type);
      for (const stream of state.streams) sendWanted(state, stream, { type, changed: all(state, type), removed: [] });
    },
    settled: () => state.streams.size > 0 && [...state.streams].every((stream) => isSettled(state, stream)),
    sent: (type) => state.sent.get(type) ?? 0,
    subscribed: (type) => new Set([...state.streams].flatMap(({ names }) => [...(names.get(type) ?? [])])),
    disconnect: () => {
      for (const stream of state.streams) stream.end();
    },
    stop: async () => server.stop(),
  };
}

function all(state: State, type: ResourceType): readonly XdsResource[] {
  return [...(state.resources.get(type)?.values() ?? [])];
}

interface Change {
  readonly type: ResourceType;
  readonly changed: readonly XdsResource[];
  readonly removed: readonly string[];
}

function sendWanted(state: State, stream: Stream, { type, changed, removed }: Change): void {
  const names = stream.names.get(type);
  if (names === undefined || state.held.has(type)) return;
  const wanted = changed.filter(({ name }) => wildcardTypes.has(type) || names.has(name));
  if (wanted.length > 0 || removed.length > 0) stream.send(type, wanted, removed);
}

function isSettled(state: State, stream: Stream): boolean {
  if (stream.open.size > 0 || stream.names.size === 0) return false;
  return [...stream.names].every(([type, names]) => {
    const known = state.resources.get(type);
    const wanted = wildcardTypes.has(type) ? [...(known?.keys() ?? [])] : [...names];
    return wanted.every((name) => {
      const version = known?.get(name)?.version;
      return version === undefined || stream.sentVersions.get(`${type}/${name}`) === version;
    });
  });
}

function serveDelta(state: State, call: Call): void {
  const stream = createStream(state, call, (type, resources, removed, nonce) =>
    encodeMessage("envoy.service.discovery.v3.DeltaDiscoveryResponse", {
      typeUrl: typeUrls[type],
      nonce,
      resources: resources.map(({ name, version, bytes }) => ({ name, version, resource: any(typeUrls[type], bytes) })),
      removedResources: [...removed],
    }),
  );
  call.on("data", (bytes: Buffer) => {
    const request = decodeMessage("envoy.service.discovery.v3.DeltaDiscoveryRequest", bytes);
    const type = resourceTypeOf(request.typeUrl ?? "");
    if (type === undefined) return;
    acknowledge(state, stream, { type, ...request });
    const first = !stream.names.has(type);
    const names = stream.names.get(type) ?? new Set();
    stream.names.set(type, names);
    for (const name of request.resourceNamesUnsubscribe ?? []) names.delete(name);
    const added = request.resourceNamesSubscribe ?? [];
    for (const name of added) names.add(name);
    if (state.held.has(type)) return;
    const answer = wildcardTypes.has(type) ? (first ? all(state, type) : []) : known(state, type, added);
    if (answer.length > 0 || (first && wildcardTypes.has(type))) stream.send(type, answer, []);
  });
}

function serveStateOfTheWorld(state: State, call: Call): void {
  const stream = createStream(state, call, (type, _resources, _removed, nonce) => {
    const names = [...(stream.names.get(type) ?? [])];
    const resources = wildcardTypes.has(type) ? all(state, type) : known(state, type, names);
    return encodeMessage("envoy.service.discovery.v3.DiscoveryResponse", {
      typeUrl: typeUrls[type],
      nonce,
      versionInfo: nonce,
      resources: resources.map(({ bytes }) => any(typeUrls[type], bytes)),
    });
  });
  call.on("data", (bytes: Buffer) => {
    const request = decodeMessage("envoy.service.discovery.v3.DiscoveryRequest", bytes);
    const type = resourceTypeOf(request.typeUrl ?? "");
    if (type === undefined) return;
    acknowledge(state, stream, { type, ...request });
    const before = stream.names.get(type);
    const names = new Set(request.resourceNames ?? []);
    stream.names.set(type, names);
    const isNew = before === undefined || [...names].some((name) => !before.has(name));
    if (!isNew || state.held.has(type)) return;
    const answer = wildcardTypes.has(type) ? all(state, type) : known(state, type, [...names]);
    if (answer.length > 0 || wildcardTypes.has(type)) stream.send(type, answer, []);
  });
}

function known(state: State, type: ResourceType, names: readonly string[]): readonly XdsResource[] {
  return names.flatMap((name) => state.resources.get(type)?.get(name) ?? []);
}

function any(type_url: TypeUrl, value: Uint8Array) {
  return { type_url, value };
}

function acknowledge(
  state: State,
  stream: Stream,
  request: {
    type: ResourceType;
    responseNonce?: string | undefined;
    errorDetail?: { message?: string | undefined } | undefined;
  },
): void {
  if (request.responseNonce !== undefined) stream.open.delete(request.responseNonce);
  if (request.errorDetail !== undefined) {
    state.refusals.push({ type: request.type, message: request.errorDetail.message ?? "" });
  }
}

type Encode = (
  type: ResourceType,
  resources: readonly XdsResource[],
  removed: readonly string[],
  nonce: string,
) => Uint8Array;

function createStream(state: State, call: Call, encode: Encode): Stream {
  const stream: Stream = {
    names: new Map(),
    sentVersions: new Map(),
    open: new Set(),
    send: (type, resources, removed) => {
      state.nonce += 1;
      const nonce = String(state.nonce);
      stream.open.add(nonce);
      state.sent.set(type, (state.sent.get(type) ?? 0) + 1);
      for (const { name, version } of resources) stream.sentVersions.set(`${type}/${name}`, version);
      call.write(Buffer.from(encode(type, resources, removed, nonce)));
    },
    end: () => call.end(),
  };
  const forget = () => state.streams.delete(stream);
  state.streams.add(stream);
  call.on("end", () => {
    forget();
    call.end();
  });
  call.on("cancelled", forget);
  call.on("error", forget);
  return stream;
}
