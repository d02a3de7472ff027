import {
  type EnvoyConfigCoreV3Address,
  type EnvoyConfigListenerV3FilterChain,
  type EnvoyConfigListenerV3Listener,
  type EnvoyConfigListenerV3UdpListenerConfig,
  EnvoyConfigCoreV3SocketAddressProtocol as SocketProtocol,
} from "../../../proto/gen/types.ts";
import { anyOf, encodeMessage } from "../../../proto/messages.ts";
import type { TableMode } from "../../core/data-plane.ts";
import { everyHost } from "../../core/hostname.ts";
import type { XdsResource } from "../../core/xds-resource.ts";
import { settingsOf } from "../limits.ts";
import type { EnvoyListener, HttpChain } from "../nodes.ts";
import { defaultAccessLog } from "./access-log.ts";
import { quicSocket } from "./downstream-tls.ts";
import { durationOf } from "./duration.ts";
import { type EdgeSettings, edgeSettings } from "./edge-defaults.ts";
import { connectionManager, quicOptions } from "./http-connection-manager.ts";
import { http3ListenerName } from "./names.ts";
import { xdsResource } from "./resource.ts";

/**
 * Prints the listener that serves the requests of an HTTPS port by HTTP/3: the same tables, by another transport. Envoy
 * takes no connection limit of a chain there, and no client certificates (seen with 1.40).
 */
export function printHttp3Listener(node: EnvoyListener, mode: (table: string) => TableMode): XdsResource {
  const settings = node.limits === undefined ? edgeSettings : settingsOf(node.limits);
  const name = http3ListenerName(node.port);
  const [address, ...additional] = node.addresses.map((host) => datagramAddress(host, node.bindPort));
  const listener: EnvoyConfigListenerV3Listener = {
    name,
    ...(address && { address }),
    ...(additional.length > 0 && { additionalAddresses: additional.map((more) => ({ address: more })) }),
    perConnectionBufferLimitBytes: { value: settings.connectionBufferBytes },
    udpListenerConfig: udpListener(settings),
    filterChains: node.chains.flatMap((chain) =>
      chain.kind === "http" && chain.tls !== undefined
        ? [http3Chain(chain, chain.tls, { node, name, mode: mode(chain.table), settings })]
        : [],
    ),
  };
  return xdsResource("listener", name, encodeMessage("envoy.config.listener.v3.Listener", listener));
}

interface Http3Context {
  readonly node: EnvoyListener;
  readonly name: string;
  readonly mode: TableMode;
  readonly settings: EdgeSettings;
}

function udpListener(settings: EdgeSettings): EnvoyConfigListenerV3UdpListenerConfig {
  return {
    quicOptions: {
      quicProtocolOptions: quicOptions(settings),
      idleTimeout: durationOf(settings.idleConnectionTimeoutMs),
      cryptoHandshakeTimeout: durationOf(settings.handshakeTimeoutMs),
    },
  };
}

function http3Chain(
  chain: HttpChain,
  tls: NonNullable<HttpChain["tls"]>,
  { node, name, mode, settings }: Http3Context,
): EnvoyConfigListenerV3FilterChain {
  const { accessLog = defaultAccessLog } = node;
  const context = { mode, statPrefix: name, settings, accessLog, altSvcPort: node.port, isHttp3: true } as const;
  return {
    name: chain.table,
    // By its transport alone Envoy would tell nothing apart: here all of it is QUIC.
    ...(tls.hostname !== everyHost && { filterChainMatch: { serverNames: [tls.hostname] } }),
    transportSocket: quicSocket(tls),
    filters: [
      {
        name: "envoy.filters.network.http_connection_manager",
        typedConfig: anyOf(
          "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
          connectionManager(chain, context),
        ),
      },
    ],
  };
}

function datagramAddress(address: string, portValue: number): EnvoyConfigCoreV3Address {
  return { socketAddress: { address, portValue, protocol: SocketProtocol.UDP } };
}
