import { type ClientRequest, type ClientResponse, send } from "./client.ts";
import { eventually, freeLoopbackAddress, type RunningEnvoy, startEnvoy } from "./envoy.ts";

/** A client that speaks HTTP/3: an Envoy that sends what it is asked on by QUIC. */
export interface Http3Client {
  send(request: ClientRequest): Promise<ClientResponse>;
  stop(): Promise<void>;
}

/** Where it connects, with the server name that it asks for, and whom it trusts. */
export interface Http3Target {
  readonly address: string;
  readonly port: number;
  readonly serverName: string;
  readonly authority: string;
}

/** Starts a client of one place. It answers 503 while nobody speaks QUIC there. */
export async function startHttp3Client(target: Http3Target): Promise<Http3Client> {
  const address = await freeLoopbackAddress();
  const envoy: RunningEnvoy = await startEnvoy({
    bootstrap: bootstrapOf(address, target),
    files: new Map([["authority.pem", target.authority]]),
  });
  await eventually("the client listens", async () => (await envoy.get("/ready")).includes("LIVE"));
  return { send: (request) => send({ address, port }, request), stop: () => envoy.stop() };
}

const port = 8080;

function bootstrapOf(address: string, target: Http3Target): object {
  return {
    static_resources: {
      listeners: [
        {
          name: "client",
          address: { socket_address: { address, port_value: port } },
          filter_chains: [{ filters: [managerOf()] }],
        },
      ],
      clusters: [clusterOf(target)],
    },
  };
}

function managerOf(): object {
  return {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
      stat_prefix: "client",
      route_config: {
        virtual_hosts: [
          { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "server" } }] },
        ],
      },
      http_filters: [
        {
          name: "envoy.filters.http.router",
          typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
        },
      ],
    },
  };
}

function clusterOf({ address, port: port_value, serverName, authority: _ }: Http3Target): object {
  const context = {
    sni: serverName,
    common_tls_context: { validation_context: { trusted_ca: { filename: "$DIR/authority.pem" } } },
  };
  return {
    name: "server",
    type: "STATIC",
    connect_timeout: "2s",
    load_assignment: {
      cluster_name: "server",
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address, port_value } } } }] }],
    },
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: { http3_protocol_options: {} },
      },
    },
    transport_socket: {
      name: "envoy.transport_sockets.quic",
      typed_config: {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.QuicUpstreamTransport",
        upstream_tls_context: context,
      },
    },
  };
}
