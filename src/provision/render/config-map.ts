import type { FleetSpec } from "../../core/fleet.ts";
import type { FleetObject } from "./fleet-object.ts";
import { fleetObject } from "./metadata.ts";
import { credentialFiles } from "./pod-files.ts";
import type { RenderOptions } from "./render-options.ts";

/** The files that a fleet's Envoys are started with: their texts by name. */
export type BootstrapTexts = Readonly<Record<string, string>>;

/** Writes the files that a fleet's Envoys are started with. */
export function bootstrapTexts(fleet: FleetSpec, { bootstrapOf }: RenderOptions): BootstrapTexts {
  const files = [...bootstrapOf(fleet, credentialFiles)];
  return Object.fromEntries(files.map(([name, content]) => [name, `${JSON.stringify(content, undefined, 1)}\n`]));
}

/** The ConfigMap with these files. */
export function configMap(fleet: FleetSpec, bootstrap: BootstrapTexts): FleetObject {
  return fleetObject(fleet, "ConfigMap", { data: bootstrap });
}
