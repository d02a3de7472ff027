import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from "node:http2";
import { connect as connectTls } from "node:tls";
import { decodeMessage, encodeMessage } from "../../../proto/messages.ts";
import { type ResourceType, resourceTypeOf, typeUrls } from "../../../src/core/xds-resource.ts";
import { serverName } from "../../xds/fleet-identities.ts";
import { monotonicMs } from "./monotonic.ts";

/** How a raw client connects, and what it tells. */
export interface RawEnvoyOptions {
  readonly port: number;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly cluster: string;
  readonly nodeId: string;
  /** Clusters alone, or also all that these, listeners and scopes name. */
  readonly follows: "clusters" | "everything";
  /** Resources have arrived, of these versions. */
  readonly onTaken: (envoy: RawEnvoy, versions: readonly string[], at: number) => void;
  /** A stream that was open has ended, after so many milliseconds without anything read. */
  readonly onEnd: (envoy: RawEnvoy, end: RawEnd) => void;
}

/** How a stream ended. */
export interface RawEnd {
  /** gRPC's, or that of the connection. */
  readonly status: string;
  readonly message: string;
  /** Since the stream was opened. */
  readonly lastedMs: number;
}

const path = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

/** As Envoy waits before it connects again: at random up to a limit that doubles. */
const [firstBackoffMs, longestBackoffMs] = [500, 30_000];

/** As our bootstrap has it. */
const windowBytes = 1024 * 1024;

/**
 * An Envoy on bare HTTP/2, so that a test says how much it reads: it asks for what it follows, acknowledges all of it, and connects
 * again with what it holds. Stalled it has a window of 0, so that nothing reaches it.
 */
export class RawEnvoy {
  readonly #options: RawEnvoyOptions;
  /** Versions by name, of each type that was asked for. */
  readonly #held = new Map<ResourceType, Map<string, string>>();
  readonly #asked = new Map<ResourceType, Set<string>>();
  stalled = false;
  #session: ClientHttp2Session | undefined;
  #stream: ClientHttp2Stream | undefined;
  #unread: Buffer[] = [];
  #unreadBytes = 0;
  #failures = 0;
  #openedAt = 0;
  #retry: NodeJS.Timeout | undefined;
  #isOver = false;
  #isFirst = true;

  constructor(options: RawEnvoyOptions) {
    this.#options = options;
  }

  /** How many resources it has. */
  get holds(): number {
    let count = 0;
    for (const held of this.#held.values()) count += held.size;
    return count;
  }

  get nodeId(): string {
    return this.#options.nodeId;
  }

  connect(): void {
    this.#openedAt = monotonicMs();
    this.#unread = [];
    this.#unreadBytes = 0;
    const { port, tls } = this.#options;
    const options = { ...tls, host: "127.0.0.1", port, servername: serverName, ALPNProtocols: ["h2"] };
    const socket = connectTls({ ...options, checkServerIdentity: () => undefined });
    const initialWindowSize = this.stalled ? 0 : windowBytes;
    const session = connectHttp2(`https://127.0.0.1:${port}`, {
      createConnection: () => socket,
      settings: { initialWindowSize, enablePush: false },
    });
    this.#session = session;
    session.on("connect", () => session.setLocalWindowSize(windowBytes));
    session.on("error", () => {});
    session.on("close", () => this.#ended("connection", "closed"));
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    });
    this.#stream = stream;
    const told = (headers: Readonly<Record<string, unknown>>) => {
      const status = headers["grpc-status"];
      if (status !== undefined) this.#ended(String(status), decodeURI(String(headers["grpc-message"] ?? "")));
    };
    stream.on("response", told).on("trailers", told);
    stream.on("error", () => {});
    stream.on("close", () => this.#ended("stream", String(stream.rstCode)));
    stream.on("data", (bytes: Buffer) => this.#take(bytes));
    this.#asked.clear();
    this.#isFirst = true;
    this.#ask("cluster", []);
    if (this.#options.follows === "everything") this.#ask("listener", []);
    for (const [type, held] of this.#held) if (!this.#asked.has(type)) this.#ask(type, [...held.keys()]);
  }

  /** Breaks the connection off; it connects again as it is told to be by then. */
  breakOff(): void {
    this.#session?.destroy();
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#retry);
    this.#session?.destroy();
  }

  /** Asks for names that were not asked for on this stream, or for all of a type. */
  #ask(type: ResourceType, names: readonly string[]): void {
    const asked = this.#asked.get(type);
    const fresh = names.filter((name) => asked?.has(name) !== true);
    if (asked !== undefined && fresh.length === 0) return;
    this.#asked.set(type, new Set([...(asked ?? []), ...fresh]));
    const held = this.#held.get(type) ?? new Map<string, string>();
    this.#held.set(type, held);
    this.#send(type, {
      ...(fresh.length > 0 && { resourceNamesSubscribe: fresh }),
      ...(asked === undefined && { initialResourceVersions: Object.fromEntries(held) }),
    });
  }

  #send(type: ResourceType, request: object): void {
    const node = { id: this.#options.nodeId, cluster: this.#options.cluster };
    const message = encodeMessage("envoy.service.discovery.v3.DeltaDiscoveryRequest", {
      typeUrl: typeUrls[type],
      ...(this.#isFirst && { node }),
      ...request,
    });
    this.#isFirst = false;
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    this.#stream?.write(Buffer.concat([head, message]));
  }

  #take(bytes: Buffer): void {
    this.#unread.push(bytes);
    this.#unreadBytes += bytes.length;
    while (this.#unreadBytes >= 5) {
      const first = this.#unread[0]?.length ?? 0;
      const all = first >= 5 && this.#unread.length === 1 ? this.#unread[0] : undefined;
      const head = all ?? (first >= 5 ? this.#unread[0] : Buffer.concat(this.#unread));
      const length = 5 + (head?.readUInt32BE(1) ?? 0);
      if (this.#unreadBytes < length) return;
      const whole = Buffer.concat(this.#unread);
      this.#unread = length < whole.length ? [whole.subarray(length)] : [];
      this.#unreadBytes = whole.length - length;
      this.#receive(whole.subarray(5, length));
    }
  }

  #receive(message: Buffer): void {
    this.#failures = 0;
    const at = monotonicMs();
    const { typeUrl, nonce, resources, removedResources } = decodeMessage(
      "envoy.service.discovery.v3.DeltaDiscoveryResponse",
      message,
    );
    const type = resourceTypeOf(typeUrl ?? "") ?? "cluster";
    const held = this.#held.get(type);
    const named: Named[] = [];
    for (const { name = "", version = "", resource } of resources ?? []) {
      held?.set(name, version);
      if (this.#options.follows === "everything") named.push(...namedBy(type, resource?.value ?? new Uint8Array()));
    }
    for (const name of removedResources ?? []) held?.delete(name);
    this.#options.onTaken(
      this,
      (resources ?? []).map(({ version }) => version ?? ""),
      at,
    );
    this.#send(type, { responseNonce: nonce ?? "" });
    for (const wanted of ["endpoint", "scope", "route"] as const) {
      const names = named.filter((one) => one.type === wanted);
      if (names.length > 0)
        this.#ask(
          wanted,
          names.flatMap(({ name }) => name ?? []),
        );
    }
  }

  #ended(status: string, message: string): void {
    if (this.#session === undefined) return;
    const session = this.#session;
    this.#session = undefined;
    // A client of gRPC keeps its connection; one of its own for each try is what costs most.
    session.close();
    session.destroy(undefined, constants.NGHTTP2_NO_ERROR);
    if (this.#isOver) return;
    this.#options.onEnd(this, { status, message, lastedMs: monotonicMs() - this.#openedAt });
    this.#failures += 1;
    const most = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (this.#failures - 1));
    this.#retry = setTimeout(() => this.connect(), Math.random() * most);
  }
}

/** Something that a resource names; without a name it is all of its type. */
interface Named {
  readonly type: ResourceType;
  readonly name?: string;
}

function namedBy(type: ResourceType, bytes: Uint8Array): readonly Named[] {
  if (type === "cluster") {
    const { name = "", edsClusterConfig } = decodeMessage("envoy.config.cluster.v3.Cluster", bytes);
    return edsClusterConfig === undefined ? [] : [{ type: "endpoint", name: edsClusterConfig.serviceName || name }];
  }
  if (type === "scope") {
    const { routeConfigurationName } = decodeMessage("envoy.config.route.v3.ScopedRouteConfiguration", bytes);
    return routeConfigurationName === undefined ? [] : [{ type: "route", name: routeConfigurationName }];
  }
  if (type !== "listener") return [];
  const { filterChains = [], defaultFilterChain } = decodeMessage("envoy.config.listener.v3.Listener", bytes);
  const chains = [...filterChains, ...(defaultFilterChain ? [defaultFilterChain] : [])];
  return chains.flatMap(({ filters = [] }) => filters.flatMap(({ typedConfig }) => tablesOf(typedConfig)));
}

function tablesOf(config: { readonly type_url?: string; readonly value?: Uint8Array } | undefined): readonly Named[] {
  const manager = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
  if (config?.type_url !== `type.googleapis.com/${manager}`) return [];
  const { rds, scopedRoutes } = decodeMessage(manager, config.value ?? new Uint8Array());
  if (scopedRoutes !== undefined) return [{ type: "scope" }];
  return rds?.routeConfigName === undefined ? [] : [{ type: "route", name: rds.routeConfigName }];
}
