import type { FleetSpec } from "../../core/fleet.ts";
import { autoscaler } from "./autoscaler.ts";
import { bootstrapTexts, configMap } from "./config-map.ts";
import { deployment } from "./deployment.ts";
import { disruptionBudget } from "./disruption-budget.ts";
import type { FleetObject } from "./fleet-object.ts";
import { fleetObject } from "./metadata.ts";
import type { RenderOptions } from "./render-options.ts";
import { service } from "./service.ts";

/** The objects of a fleet, in the order in which they are applied; none when its proxies are run by somebody else. */
export function renderFleet(fleet: FleetSpec, options: RenderOptions): readonly FleetObject[] {
  if (!fleet.parameters.managed) return [];
  const bootstrap = bootstrapTexts(fleet, options);
  const objects = [
    fleetObject(fleet, "ServiceAccount", { automountServiceAccountToken: false }),
    configMap(fleet, bootstrap),
    service(fleet),
    disruptionBudget(fleet),
    autoscaler(fleet),
    deployment(fleet, options, bootstrap),
  ];
  return objects.filter((object) => object !== undefined);
}
