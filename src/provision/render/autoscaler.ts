import type { FleetSpec } from "../../core/fleet.ts";
import type { FleetObject } from "./fleet-object.ts";
import { fleetAddress, fleetObject } from "./metadata.ts";

/** The autoscaler of a fleet whose parameters want one. */
export function autoscaler(fleet: FleetSpec): FleetObject | undefined {
  const { autoscaling } = fleet.parameters;
  if (autoscaling === undefined) return undefined;
  const target = { type: "Utilization", averageUtilization: autoscaling.targetCPUUtilization };
  return fleetObject(fleet, "HorizontalPodAutoscaler", {
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: fleetAddress(fleet).name },
      minReplicas: autoscaling.minReplicas,
      maxReplicas: autoscaling.maxReplicas,
      metrics: [{ type: "Resource", resource: { name: "cpu", target } }],
    },
  });
}
