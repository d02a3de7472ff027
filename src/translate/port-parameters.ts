/** `listeners` of GatewayParameters: what proxies do on ports of a Gateway besides what the listeners there say. */
import type { PortParameters } from "../core/gateway-parameters.ts";

/** Copies them with those fields that are to be kept, such as `listeners[443].http3`. */
export function pickPorts(
  ports: readonly PortParameters[],
  keeps: (field: string) => boolean,
): readonly PortParameters[] {
  return ports.map(({ port, http3, proxyProtocol }) => ({
    port,
    ...(http3 !== undefined && keeps(`listeners[${port}].http3`) && { http3 }),
    ...(proxyProtocol !== undefined && keeps(`listeners[${port}].proxyProtocol`) && { proxyProtocol }),
  }));
}

/** Merges them port by port and field by field; what is `over` counts. In ascending order. */
export function mergePorts(
  under: readonly PortParameters[] = [],
  over: readonly PortParameters[] = [],
): readonly PortParameters[] {
  const byPort = new Map<number, PortParameters>();
  for (const entry of [...under, ...over]) byPort.set(entry.port, { ...byPort.get(entry.port), ...entry });
  return [...byPort.values()].sort((a, b) => a.port - b.port);
}
