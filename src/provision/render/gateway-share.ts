import type { FleetSpec } from "../../core/fleet.ts";
import { digestOf } from "./digest.ts";

/**
 * A digest of what in a fleet its Gateway's own team decides. When it changes, the fleet is changed at once; when anything
 * else changes, which reaches many fleets, they take turns.
 */
export function gatewayShare(fleet: FleetSpec): string {
  const { uid, gatewayClass, labels, annotations, ports, requestedAddresses, parameters } = fleet;
  const own = parameters.origins.filter(({ from }) => from === "gateway").map(({ field }) => field);
  const values = own.map((field) => [field, valueAt(parameters, renamed.get(field) ?? field)]);
  return digestOf({ uid, gatewayClass, labels, annotations, ports, requestedAddresses, values });
}

/** Fields that are called otherwise in GatewayParameters. */
const renamed: ReadonlyMap<string, string> = new Map([["labels", "podLabels"]]);

/** The value at a dotted path; where a part of it is a key with dots of its own, the map that holds it. */
function valueAt(root: object, path: string): unknown {
  let value: unknown = root;
  for (const part of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return value;
    value = Reflect.get(value, part);
  }
  return value;
}
