/** What each listener protocol can carry: the one table that a new protocol or route kind is added to. */
import type { ListenerProtocol, RouteGroupKind } from "../core/gateway-api.ts";
import { kinds } from "../core/keys.ts";

/** How proxies serve a listener protocol. */
export interface ProtocolSupport {
  /** The route kinds that may attach, the first of which is told first in the status. */
  readonly routeKinds: readonly RouteGroupKind[];
  /**
   * What tells requests on one port apart. Listeners of one port must agree on it: `host` is read from cleartext HTTP,
   * `sni` from the TLS handshake.
   */
  readonly sharing: "host" | "sni";
  /** Whether proxies end TLS, which takes a certificate. */
  readonly terminatesTls: boolean;
}

const httpRoute: RouteGroupKind = { group: kinds.HTTPRoute.group, kind: "HTTPRoute" };

/** Protocols that are served. TLS, TCP and UDP are not yet, and any that is not here is UnsupportedProtocol. */
const protocols: ReadonlyMap<string, ProtocolSupport> = new Map([
  ["HTTP", { routeKinds: [httpRoute], sharing: "host", terminatesTls: false }],
  ["HTTPS", { routeKinds: [httpRoute], sharing: "sni", terminatesTls: true }],
]);

/** How a protocol is served, or undefined when it is not. */
export function protocolSupport(protocol: ListenerProtocol): ProtocolSupport | undefined {
  return protocols.get(protocol);
}

/** The protocols that are served, for messages. */
export const servedProtocols: readonly string[] = [...protocols.keys()];
