import { Translator } from "../../src/app/translator.ts";
import type { Gateway, GrpcRoute } from "../../src/core/gateway-api.ts";
import { type NamespacedName, nameOf, namespacedName } from "../../src/core/keys.ts";
import type { EndpointSlice } from "../../src/core/kubernetes.ts";
import { resourceTypes } from "../../src/core/xds-resource.ts";
import { serviceOfSlice } from "../../src/translate/endpoints.ts";
import { proxyBootstrap } from "../../src/translate/envoy/bootstrap.ts";
import type { PipelineOptions } from "../../src/translate/pipeline.ts";
import type { ManifestObject } from "../../src/watch/manifest-object.ts";
import { type ManifestText, readManifests } from "../../src/watch/manifests.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { startDatagramBackend } from "../support/datagram-backend.ts";
import { eventually, freeLoopbackAddress, type RunningEnvoy, startEnvoy } from "../support/envoy.ts";
import { startTestServer, type TestServer } from "../xds/test-server.ts";

/** A Gateway that a real proxy serves from a real ADS server. */
export interface LiveGateway<B = Backend> {
  readonly name: NamespacedName;
  readonly envoy: RunningEnvoy;
  /** Loopback addresses that stand for those of the manifests, the same for none. */
  readonly addresses: readonly string[];
  /** The ports that the proxy really binds, by the port that clients use. */
  readonly ports: ReadonlyMap<number, number>;
  /** The same of UDP ports. */
  readonly udpPorts: ReadonlyMap<number, number>;
  /** By Service, or by EndpointSlice. Gateways of one case share them. */
  readonly backends: ReadonlyMap<string, B>;
  /** Sets more objects. Whoever needs them waits until the proxy has them. */
  apply(manifests: readonly ManifestText[]): void;
  stop(): Promise<void>;
}

/**
 * Starts a backend for each Service that has EndpointSlices. It takes datagrams where the Service's ports are of UDP, and
 * speaks TLS where a Secret has its namespace and name.
 */
export async function startBackends(manifests: readonly ManifestText[]): Promise<ReadonlyMap<string, Backend>> {
  const { objects } = readManifests(manifests);
  const slices = objects.flatMap(({ object }) => (object.kind === "EndpointSlice" ? [object] : []));
  const services = [...new Set(slices.flatMap(serviceOfSlice))];
  return new Map(await Promise.all(services.map(async (name) => [name, await startOne(objects, name)] as const)));
}

type Place = Pick<Backend, "address" | "port">;

interface LiveOptions<B> extends PipelineOptions, Pick<LiveGateway<B>, "backends"> {
  /** Another Envoy than the one that all tests run. */
  readonly binary?: string;
}

/** Starts a proxy for a Gateway and waits until it has acknowledged everything. Throws when it refuses anything. */
export async function startLiveGateway<B extends Place = Backend>(
  name: NamespacedName,
  manifests: readonly ManifestText[],
  { controllerName, placement, backends, binary }: LiveOptions<B>,
): Promise<LiveGateway<B>> {
  const addresses = [await freeLoopbackAddress(), await freeLoopbackAddress()];
  const bound = { kind: placement.kind, bindAddresses: addresses.slice(0, 1) };
  const translator = new Translator({ controllerName, placement: bound });
  const table = new ResourceTable();
  const apply = (texts: readonly ManifestText[]) => {
    for (const entry of readManifests(texts).objects) {
      const { kind, object } = onLoopback(entry, backends, addresses);
      translator.set(kind, entry.name, object);
    }
    table.update(name, translator.flush().resources.get(name) ?? []);
  };
  table.addFleet(name);
  apply(manifests);
  table.markReady();
  const server = await startTestServer({ table });
  const xds = { address: "127.0.0.1", port: server.port };
  const bootstrap = proxyBootstrap({ gateway: name, nodeId: "golden", xds, adminAddress: "127.0.0.1", adminPort: 0 });
  const envoy = await startEnvoy({ bootstrap, ...(binary !== undefined && { binary }) });
  const stop = async () => {
    await envoy.stop();
    await server.stop();
  };
  try {
    await eventually(`${name} is acknowledged`, () => acknowledged(server, table, name));
    const refused = await refusedUpdates(envoy);
    const words = [...server.state(name).refusals].map(([resource, text]) => `${resource}: ${text}`);
    if (server.nacks.length > 0 || refused.length > 0) {
      throw new Error(`a proxy of ${name} refused ${[...server.nacks, ...refused, ...words].join("; ")}`);
    }
    const ports = await boundPorts(envoy, (scheme) => scheme !== "udp");
    const udpPorts = await boundPorts(envoy, (scheme) => scheme === "udp");
    return { name, envoy, addresses, ports, udpPorts, backends, apply, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startOne(objects: readonly ManifestObject[], name: NamespacedName): Promise<Backend> {
  const find = (kind: string) =>
    objects.find(({ object }) => object.kind === kind && nameOf(object.metadata) === name)?.object;
  const service = find("Service");
  const takesDatagrams = service?.kind === "Service" && service.spec.ports?.every(({ protocol }) => protocol === "UDP");
  if (takesDatagrams === true) return startDatagramBackend({ name });
  const secret = find("Secret");
  const http2 = speaksHttp2(objects, name);
  if (secret?.kind !== "Secret") return startBackend({ name, http2 });
  const pem = (key: string) => Buffer.from(secret.data?.[key] ?? "", "base64").toString("utf8");
  return startBackend({ name, http2, tls: { certificatePem: pem("tls.crt"), keyPem: pem("tls.key") } });
}

function speaksHttp2(objects: readonly ManifestObject[], service: NamespacedName): boolean {
  if (objects.some(({ object }) => object.kind === "GRPCRoute" && serves(object, service))) return true;
  const found = objects.find(({ object }) => object.kind === "Service" && nameOf(object.metadata) === service)?.object;
  if (found?.kind !== "Service") return false;
  return (found.spec.ports ?? []).some(({ appProtocol }) => appProtocol === "kubernetes.io/h2c");
}

function serves({ metadata, spec }: GrpcRoute, service: NamespacedName): boolean {
  const refs = (spec.rules ?? []).flatMap(({ backendRefs = [], filters = [] }) => [
    ...backendRefs,
    ...filters.flatMap((filter) => (filter.type === "RequestMirror" ? [filter.requestMirror.backendRef] : [])),
  ]);
  return refs.some(({ namespace = metadata.namespace, name }) => namespacedName(namespace, name) === service);
}

/** Endpoints become their Service's running backend, and addresses of Gateways become those that this run may bind. */
function onLoopback<T extends ManifestObject>(
  entry: T,
  backends: ReadonlyMap<string, Place>,
  addresses: readonly string[],
): T {
  const { object } = entry;
  if (object.kind === "EndpointSlice") return { ...entry, object: onBackend(object, backends) };
  if (object.kind === "Gateway") return { ...entry, object: onAddresses(object, addresses) };
  return entry;
}

function onBackend(slice: EndpointSlice, backends: ReadonlyMap<string, Place>): EndpointSlice {
  const backend = backends.get(nameOf(slice.metadata)) ?? backends.get(serviceOfSlice(slice)[0] ?? "");
  if (backend === undefined) return slice;
  return {
    ...slice,
    ports: (slice.ports ?? []).map((port) => ({ ...port, port: backend.port })),
    endpoints: (slice.endpoints ?? []).map((endpoint) => ({ ...endpoint, addresses: [backend.address] })),
  };
}

function onAddresses(gateway: Gateway, addresses: readonly string[]): Gateway {
  const asked = gateway.spec.addresses;
  if (asked === undefined) return gateway;
  const replaced = asked.map((address, index) =>
    address.value?.startsWith("127.") === true ? { ...address, value: addresses[index] ?? "" } : address,
  );
  return { ...gateway, spec: { ...gateway.spec, addresses: replaced } };
}

function acknowledged(server: TestServer, table: ResourceTable, gateway: NamespacedName): boolean {
  if (server.nacks.length > 0) return true;
  const [stream] = server.streams();
  if (stream?.firstConfigAcknowledged !== true) return false;
  const have = new Map(stream.types.map(({ type, inFlight, acknowledged }) => [type, inFlight ? -1 : acknowledged]));
  return resourceTypes.every((type) => (have.get(type) ?? 0) === table.entries(gateway, type).size);
}

async function refusedUpdates(envoy: RunningEnvoy): Promise<readonly string[]> {
  const stats = await envoy.stats("update_rejected");
  return [...stats].filter(([, count]) => count > 0).map(([name]) => name);
}

async function boundPorts(
  envoy: RunningEnvoy,
  isMeant: (scheme: string) => boolean,
): Promise<ReadonlyMap<number, number>> {
  // The admin interface is the parse boundary.
  const listing = JSON.parse(await envoy.get("/listeners?format=json")) as {
    listener_statuses?: { name: string; local_address: { socket_address: { port_value: number } } }[];
  };
  const listeners = listing.listener_statuses ?? [];
  return new Map(
    listeners.flatMap(({ name, local_address }): readonly (readonly [number, number])[] => {
      const [scheme = "", port] = name.split("-");
      return isMeant(scheme) ? [[Number(port), local_address.socket_address.port_value]] : [];
    }),
  );
}
