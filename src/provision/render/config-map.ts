import type { FleetSpec } from "../../core/fleet.ts";
import type { FleetObject } from "./fleet-object.ts";
import { fleetObject } from "./metadata.ts";
import { bootstrapFile, credentialFiles } from "./pod-files.ts";
import type { RenderOptions } from "./render-options.ts";

/** The bootstrap of a fleet's Envoys, as the text of the file. */
export function bootstrapText(fleet: FleetSpec, { bootstrapOf }: RenderOptions): string {
  return `${JSON.stringify(bootstrapOf(fleet, credentialFiles), undefined, 1)}\n`;
}

/** The ConfigMap with the bootstrap. */
export function configMap(fleet: FleetSpec, bootstrap: string): FleetObject {
  return fleetObject(fleet, "ConfigMap", { data: { [bootstrapFile.name]: bootstrap } });
}
