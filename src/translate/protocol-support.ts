/** What each listener protocol can carry: the one table that a new protocol or route kind is added to. */
import type { ListenerProtocol, ListenerTls, RouteGroupKind } from "../core/gateway-api.ts";
import { kinds, type RouteKind } from "../core/keys.ts";

/** How proxies serve a listener protocol. */
export interface ProtocolSupport {
  /** The route kinds that may attach, the first of which is told first in the status. */
  readonly routeKinds: readonly RouteGroupKind[];
  /** Ports of one number are different ports for TCP and for UDP. */
  readonly transport: "tcp" | "udp";
  /**
   * What tells traffic on one port apart. Listeners of one port must agree on it: `host` is read from cleartext HTTP,
   * `sni` from the TLS handshake, and with `nothing` a listener has the port to itself.
   */
  readonly sharing: "host" | "sni" | "nothing";
  /** Whether proxies end TLS, which takes a certificate: never, always, or where `tls.mode` is Terminate. */
  readonly endsTls: "never" | "always" | "byMode";
  /** Requests are looked up in route tables; connections and datagrams are forwarded as they are. */
  readonly carries: "requests" | "connections" | "datagrams";
}

/** What of a listener decides how it is served. */
export interface ServedProtocol {
  readonly protocol: ListenerProtocol;
  readonly tlsMode?: ListenerTls["mode"];
}

const requestRoutes = [routeKind("HTTPRoute"), routeKind("GRPCRoute")];

/** Protocols that are served; any that is not here is UnsupportedProtocol. */
const protocols: ReadonlyMap<string, ProtocolSupport> = new Map<string, ProtocolSupport>([
  ["HTTP", { routeKinds: requestRoutes, transport: "tcp", sharing: "host", endsTls: "never", carries: "requests" }],
  ["HTTPS", { routeKinds: requestRoutes, transport: "tcp", sharing: "sni", endsTls: "always", carries: "requests" }],
  ["TLS", { ...forwarded("TLSRoute"), transport: "tcp", sharing: "sni", endsTls: "byMode", carries: "connections" }],
  ["TCP", { ...forwarded("TCPRoute"), transport: "tcp", sharing: "nothing", endsTls: "never", carries: "connections" }],
  ["UDP", { ...forwarded("UDPRoute"), transport: "udp", sharing: "nothing", endsTls: "never", carries: "datagrams" }],
]);

function forwarded(kind: RouteKind): Pick<ProtocolSupport, "routeKinds"> {
  return { routeKinds: [routeKind(kind)] };
}

function routeKind(kind: RouteKind): RouteGroupKind {
  return { group: kinds[kind].group, kind };
}

/** How a protocol is served, or undefined when it is not. */
export function protocolSupport(protocol: ListenerProtocol): ProtocolSupport | undefined {
  return protocols.get(protocol);
}

/** Whether proxies end TLS for a listener. */
export function endsTls({ protocol, tlsMode }: ServedProtocol): boolean {
  const support = protocolSupport(protocol);
  return support?.endsTls === "always" || (support?.endsTls === "byMode" && tlsMode !== "Passthrough");
}

/** Whether what comes to a listener is TLS, and passed on as it is. */
export function passesTls(listener: ServedProtocol): boolean {
  return protocolSupport(listener.protocol)?.sharing === "sni" && !endsTls(listener);
}

/** Whether what comes to a listener are requests, which are looked up in route tables. */
export function carriesRequests({ protocol }: Pick<ServedProtocol, "protocol">): boolean {
  return protocolSupport(protocol)?.carries === "requests";
}

/** What an Envoy listener is named by: how its traffic is told apart, or else its transport. */
export function portScheme(protocol: ListenerProtocol): "http" | "https" | "tcp" | "udp" {
  const support = protocolSupport(protocol);
  switch (support?.sharing) {
    case "sni":
      return "https";
    case "nothing":
      return support.transport;
    default:
      return "http";
  }
}

/** One port, as far as listeners meet on it: `tcp/80`. */
export function portKey({ protocol, port }: { readonly protocol: ListenerProtocol; readonly port: number }): string {
  return `${protocolSupport(protocol)?.transport ?? "tcp"}/${port}`;
}

/** The UDP port that a listener takes for HTTP/3 beside its own: clients who show certificates cannot be had with QUIC. */
export function http3Key(
  {
    protocol,
    port,
    clientValidation,
  }: { readonly protocol: ListenerProtocol; readonly port: number; readonly clientValidation?: object },
  http3Ports: ReadonlySet<number>,
): string | undefined {
  return protocol === "HTTPS" && clientValidation === undefined && http3Ports.has(port) ? `udp/${port}` : undefined;
}

/** The protocols that are served, for messages. */
export const servedProtocols: readonly string[] = [...protocols.keys()];
