import type { FleetSpec } from "../../core/fleet.ts";
import type { FleetObject } from "./fleet-object.ts";
import { fleetObject, selectorLabels } from "./metadata.ts";

/**
 * The Service through which clients reach a fleet; undefined while there is no port to serve, which a Service cannot
 * express. Addresses are asked for in the ways of load balancers only: `externalIPs` would let a Gateway take any address
 * of the cluster.
 */
export function service(fleet: FleetSpec): FleetObject | undefined {
  if (fleet.ports.length === 0) return undefined;
  const { annotations, type, externalTrafficPolicy } = fleet.parameters.service;
  const ports = fleet.ports.map(({ name, protocol, port, targetPort }) => ({ name, protocol, port, targetPort }));
  return fleetObject(fleet, "Service", {
    annotations: { ...annotations, ...addressAnnotation(fleet) },
    spec: {
      type,
      selector: selectorLabels(fleet),
      ports,
      ...(type !== "ClusterIP" && externalTrafficPolicy !== undefined && { externalTrafficPolicy }),
      ...(type === "LoadBalancer" && loadBalancer(fleet)),
    },
  });
}

function addressAnnotation({ parameters, requestedAddresses }: FleetSpec): Readonly<Record<string, string>> {
  const { addressAnnotation: name, service } = parameters;
  if (name === undefined || requestedAddresses.length === 0 || service.type !== "LoadBalancer") return {};
  return { [name]: requestedAddresses.join(",") };
}

/** The field for an address holds one; a class that names an annotation gets all of them there. */
function loadBalancer({ parameters, requestedAddresses }: FleetSpec): object {
  const { loadBalancerClass } = parameters.service;
  const [loadBalancerIP] = requestedAddresses;
  return {
    ...(loadBalancerClass !== undefined && { loadBalancerClass }),
    ...(loadBalancerIP !== undefined && { loadBalancerIP }),
  };
}
