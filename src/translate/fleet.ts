/** How the proxies of a Gateway should be run, for whoever runs them. */
import type { Transform } from "../collection/collection.ts";
import type { FleetPort, FleetSpec } from "../core/fleet.ts";
import { boundPort, envoyListenerName } from "./envoy-listener.ts";
import type { GatewayNode } from "./nodes.ts";
import type { Placement } from "./placement.ts";

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

/** Every protocol that is served so far is carried by TCP. */
function portsOf(node: GatewayNode, placement: Placement): readonly FleetPort[] {
  const served = node.listeners.filter((listener) => listener.served);
  const byPort = new Map(served.map((listener) => [listener.port, envoyListenerName(listener)]));
  return [...byPort]
    .sort(([a], [b]) => a - b)
    .map(([port, name]) => ({ name, protocol: "TCP", port, targetPort: boundPort(port, node, placement) }));
}
