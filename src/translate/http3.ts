/** Where HTTPS listeners are served by HTTP/3 as well: the same requests, on the UDP port of the same number. */
import type { Rejection } from "../core/conditions.ts";
import type { EffectiveParameters } from "../core/fleet.ts";
import type { EnvoyListener, GatewayNode, Listener } from "./nodes.ts";
import { invalidParameters } from "./parameters-ref.ts";
import { type portScheme, protocolSupport } from "./protocol-support.ts";

type Parameters = Pick<EffectiveParameters, "listeners" | "origins">;

/** What the parameters of a Gateway say of the Envoy listener of a port. */
export function portSettings(
  node: GatewayNode,
  port: number,
  scheme: ReturnType<typeof portScheme>,
): Pick<EnvoyListener, "http3" | "proxyProtocol"> {
  const { proxyProtocol = "Off" } = parametersOf(node.fleet.parameters, port);
  return {
    ...(scheme !== "udp" && proxyProtocol !== "Off" && { proxyProtocol }),
    ...(scheme === "https" && servesHttp3(node, port) && { http3: true }),
  };
}

/** Whether the HTTPS listeners of a port are served by HTTP/3. */
export function servesHttp3({ http3Ports = [] }: Pick<GatewayNode, "http3Ports">, port: number): boolean {
  return http3Ports.includes(port);
}

/** The ports whose HTTPS listeners are served by HTTP/3, whoever has written them. */
export function servedByHttp3(listeners: readonly Listener[], parameters: Parameters): Pick<GatewayNode, "http3Ports"> {
  const http3Ports = [...portsOfHttp3(parameters)].filter((port) => {
    const served = listeners.filter((listener) => listener.port === port && listener.served);
    return served.some(isHttps) && problemOf(served) === undefined;
  });
  return http3Ports.length === 0 ? {} : { http3Ports };
}

/** The ports on which HTTPS listeners are to be served by HTTP/3 as well. */
export function portsOfHttp3({ listeners = [] }: Pick<Parameters, "listeners">): ReadonlySet<number> {
  return new Set(listeners.filter(({ http3 }) => http3 === true).map(({ port }) => port));
}

/**
 * What keeps a Gateway's own listeners from HTTP/3 although its own parameters ask for it. What a class asks for holds for
 * those of its Gateways that can have it.
 */
export function http3Rejections(own: readonly Listener[], parameters: Parameters): readonly Rejection[] {
  const ofGateway = new Set(parameters.origins.flatMap(({ field, from }) => (from === "gateway" ? [field] : [])));
  return (parameters.listeners ?? []).flatMap(({ port, http3 }) => {
    const field = `listeners[${port}].http3`;
    if (http3 !== true || !ofGateway.has(field)) return [];
    const problem = problemOf(own.filter((listener) => listener.port === port));
    return problem === undefined ? [] : [invalidParameters(`spec.${field} cannot be had: ${problem}`)];
  });
}

/** What on a port stands against HTTP/3. */
function problemOf(listeners: readonly Listener[]): string | undefined {
  const [first] = listeners;
  if (first === undefined) return undefined;
  const datagrams = listeners.find(isUdp);
  if (datagrams !== undefined) return `listener ${datagrams.name} has the UDP port ${first.port}`;
  if (!listeners.some(isHttps)) return `no listener on port ${first.port} is of protocol HTTPS`;
  const asks = listeners.some((listener) => isHttps(listener) && listener.clientValidation !== undefined);
  return asks ? `clients on port ${first.port} are asked for certificates, which is not possible with QUIC` : undefined;
}

function parametersOf({ listeners = [] }: Pick<Parameters, "listeners">, port: number) {
  return listeners.find((entry) => entry.port === port) ?? { port };
}

function isHttps({ protocol }: Pick<Listener, "protocol">): boolean {
  return protocol === "HTTPS";
}

function isUdp({ protocol }: Pick<Listener, "protocol">): boolean {
  return protocolSupport(protocol)?.transport === "udp";
}
