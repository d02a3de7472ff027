import { type MethodDefinition, Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import type { DataPlaneState } from "../core/data-plane.ts";
import type { NamespacedName } from "../core/keys.ts";
import type { ResourceType } from "../core/xds-resource.ts";
import { type FleetSize, streamsAConnection } from "./connection-limits.ts";
import { type AdsSecurity, isLoopback, materialOf } from "./credentials.ts";
import type { Culprit, SplitResource } from "./culprit.ts";
import { deltaVariant } from "./delta-stream.ts";
import { type ConnectionPort, Port } from "./port.ts";
import type { ResourceTable } from "./resource-table.ts";
import { sotwVariant } from "./sotw-stream.ts";
import type { StreamRequest, Variant, XdsLog, XdsMetrics } from "./stream-options.ts";
import { StreamRegistry } from "./stream-registry.ts";
import type { StreamReport } from "./stream-report.ts";
import { TlsPort } from "./tls-port.ts";
import { UntrustedPeers } from "./untrusted-peers.ts";

export type { XdsLog, XdsMetrics } from "./stream-options.ts";

export interface AdsServerOptions {
  readonly table: ResourceTable;
  /** An IP address. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly security: AdsSecurity;
  readonly log: XdsLog;
  readonly metrics: XdsMetrics;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Splits resources so that a refusal can be narrowed down to a part of one. */
  readonly split?: SplitResource;
  /** Told what a proxy has refused for sure. From then on it is for the table to have something else there. */
  readonly onCulprit?: (culprit: Culprit) => void;
  /** How many proxies a Gateway has at most; nobody knows by default. */
  readonly fleetSize?: FleetSize;
  /** Told what the proxies of a Gateway said, whenever that changes. */
  readonly onDataPlane?: (gateway: NamespacedName, state: DataPlaneState) => void;
  /** How long removals wait for a proxy to ask for what its listeners name; 5 s by default. */
  readonly patienceMs?: number;
  /** How long a proxy may take to answer before it counts as stuck; after twice as long its stream ends. 30 s by default. */
  readonly stuckMs?: number;
  /** How long a cluster stays with a proxy when nothing names it any more, milliseconds; not at all unless told. */
  readonly lingerMs?: number;
  /** How long a message may take to leave before its stream is cut; 30 s by default. */
  readonly writeDeadlineMs?: number;
  /** How long one of the few large messages under way may go unanswered before another goes; 250 ms and more by default. */
  readonly largeSendPatienceMs?: number;
  /** How often it is asked whether open streams may go on: certificates end, are taken back, Gateways go; 30 s by default. */
  readonly recheckMs?: number;
  /** The server's stop ends streams one by one over so long, so that replicas get them one by one; 0 by default. */
  readonly stopSpreadMs?: number;
  /** How long open streams may take to end after that; 2 s by default. */
  readonly stopDeadlineMs?: number;
}

export type StartResult =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "refused"; readonly message: string };

/** Serves Envoy's aggregated discovery service. */
export interface AdsServer {
  start(): Promise<StartResult>;
  stop(): Promise<void>;
  streams(): readonly StreamReport[];
  /** The version of a resource that each connected proxy of a Gateway has acknowledged: undefined where it has none. */
  held(gateway: NamespacedName, type: ResourceType, name: string): readonly (string | undefined)[];
}

/** Creates the server that keeps proxies in step with the table. */
export function createAdsServer(options: AdsServerOptions): AdsServer {
  const server = new Server(transportOptions);
  const port = createPort(server, options);
  const streams = new StreamRegistry(options, (peer) => port.close(peer));
  const accept =
    <R extends StreamRequest>(variant: Variant<R>) =>
    (call: ServerDuplexStream<Buffer, Buffer>) =>
      streams.accept(variant, call);
  server.addService(
    {
      StreamAggregatedResources: method("StreamAggregatedResources"),
      DeltaAggregatedResources: method("DeltaAggregatedResources"),
    },
    { StreamAggregatedResources: accept(sotwVariant), DeltaAggregatedResources: accept(deltaVariant) },
  );
  return {
    start: () => listen(port, options),
    stop: async () => {
      port.stop();
      const spreadMs = options.stopSpreadMs ?? 0;
      streams.end(spreadMs);
      // It tells clients to go elsewhere. It does not wait for streams of connections that it has not accepted itself.
      server.tryShutdown(() => {});
      await port.end(spreadMs + (options.stopDeadlineMs ?? 2_000));
      streams.stop();
    },
    streams: () => streams.reports(),
    held: (gateway, type, name) => streams.held(gateway, type, name),
  };
}

/** https://grpc.github.io/grpc/core/group__grpc__arg__keys.html */
const transportOptions = {
  // The initial versions of a large fleet's resources come in one message. Nobody who has not proven who they are gets so
  // far: of them TLS reads a handshake, and HTTP/2 nothing (`TlsPort`). Plaintext, on loopback, has nothing to prove.
  "grpc.max_receive_message_length": 32 * 1024 * 1024,
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  // Spreads proxies over replicas anew now and then; a stream never ends by itself, so it needs a grace period too.
  "grpc.max_connection_age_ms": 10 * 60 * 60 * 1000,
  "grpc.max_connection_age_grace_ms": 60_000,
  "grpc.max_concurrent_streams": streamsAConnection,
  // Nobody keeps a connection without a stream.
  "grpc.max_connection_idle_ms": 60_000,
};

const service = "/envoy.service.discovery.v3.AggregatedDiscoveryService/";

/** A method whose messages pass as bytes: requests are decoded after authorisation, responses are encoded before. */
function method(name: string): MethodDefinition<Buffer, Buffer> {
  const pass = (bytes: Buffer) => bytes;
  return {
    path: service + name,
    originalName: name,
    requestStream: true,
    responseStream: true,
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: pass,
    responseDeserialize: pass,
  };
}

/** The port is not grpc-js's own, because connections have to be closed one by one. */
function createPort(server: Server, options: AdsServerOptions): ConnectionPort {
  const { security, clock, log } = options;
  const material = materialOf(security);
  if (material === undefined) {
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    return new Port((socket) => injector.injectConnection(socket));
  }
  const untrusted = new UntrustedPeers(options);
  return new TlsPort(server, {
    material,
    clock,
    openNeed: security.kind === "mutual-tls" ? "a trusted authority" : "nothing",
    onUntrusted: (peer) => untrusted.tell(peer),
    onUnusable: (problem) => log.error({ problem }, "the server's certificate cannot be used"),
  });
}

async function listen(port: ConnectionPort, options: AdsServerOptions): Promise<StartResult> {
  const { host, security } = options;
  if (security.kind === "loopback" && !isLoopback(host)) {
    const message = `plaintext xDS is served on loopback only, not on ${host}: use mutual TLS`;
    return { kind: "refused", message };
  }
  const bound = await port.listen(options);
  return typeof bound === "number" ? { kind: "listening", port: bound } : { kind: "refused", message: bound.message };
}
