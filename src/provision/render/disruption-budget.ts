import type { FleetSpec } from "../../core/fleet.ts";
import type { FleetObject } from "./fleet-object.ts";
import { fleetObject, selectorLabels } from "./metadata.ts";

/** Lets nodes be emptied one proxy at a time, and never keeps a proxy that serves nothing. */
export function disruptionBudget(fleet: FleetSpec): FleetObject {
  return fleetObject(fleet, "PodDisruptionBudget", {
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: selectorLabels(fleet) },
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  });
}
