/** How the proxies of a Gateway should be run, for whoever runs them. */
import type { Transform } from "../collection/collection.ts";
import type { FleetPort, FleetSpec } from "../core/fleet.ts";
import { http3ListenerName } from "./envoy/names.ts";
import { boundPort, envoyListenerName } from "./envoy-listener.ts";
import { servesHttp3 } from "./http3.ts";
import type { GatewayNode } from "./nodes.ts";
import type { Placement } from "./placement.ts";
import { protocolSupport } from "./protocol-support.ts";

/**
 * Gives the fleet of every Gateway of ours. One whose Gateway is not accepted is frozen, whatever the reason: what runs
 * goes on running, and keeps its address, until somebody has set the Gateway right.
 */
export function buildFleetSpec(placement: Placement): Transform<GatewayNode, FleetSpec> {
  return (_read, key, node) => {
    const { uid, gatewayClass, labels, annotations, requestedAddresses, parameters } = node.fleet;
    const spec: FleetSpec = {
      gateway: node.key,
      uid,
      generation: node.generation,
      gatewayClass,
      frozen: node.rejection !== undefined,
      labels,
      annotations,
      ports: portsOf(node, placement),
      requestedAddresses,
      parameters,
    };
    return [[key, spec]];
  };
}

/** One for each Envoy listener: TCP and UDP ports with one number stand beside each other. */
function portsOf(node: GatewayNode, placement: Placement): readonly FleetPort[] {
  const served = node.listeners.filter((listener) => listener.served);
  const byName = new Map(served.map((listener) => [envoyListenerName(listener), listener]));
  return [...byName]
    .flatMap(([name, { protocol, port }]): readonly FleetPort[] => {
      const transport = protocolSupport(protocol)?.transport === "udp" ? "UDP" : "TCP";
      const own = { name, protocol: transport, port, targetPort: boundPort(port, node, placement) } as const;
      const isAlsoUdp = transport === "TCP" && servesHttp3(node, port);
      return isAlsoUdp ? [own, { ...own, name: http3ListenerName(port), protocol: "UDP" }] : [own];
    })
    .sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}
