import type { ObjectChange } from "../control-plane.ts";
import { httpRoute, type Manifest, type Naming, type PlainObject } from "../objects.ts";
import { attacker } from "../tenants.ts";

/** Something that a hostile tenant writes, change after change. All of it is taken back before the next one. */
export interface Attack {
  readonly name: string;
  readonly stages: readonly (readonly ObjectChange[])[];
}

/** Attacks of one kind. */
export interface Family {
  readonly name: string;
  readonly attacks: readonly Attack[];
}

/** An attack of objects that come at once. */
export function attack(name: string, ...manifests: readonly Manifest[]): Attack {
  return { name, stages: [manifests.map((manifest) => ({ manifest }))] };
}

/** An attack of changes that come one after the other. */
export function sequence(name: string, ...changes: readonly (Manifest | ObjectChange)[]): Attack {
  return {
    name,
    stages: changes.map((change) => [isManifest(change) ? { manifest: change } : change]),
  };
}

/** Names an object of the attacker's: older than everybody else's, since that should help nobody. */
export function mine(name = "grab", more: Partial<Naming> = {}): Naming {
  return { namespace: attacker, name, createdAt: "2001-01-01T00:00:00Z", ...more };
}

/** A route of the attacker's for these hostnames. */
export function grab(hostnames: readonly string[], rules: readonly PlainObject[], more: PlainObject = {}): Manifest {
  return httpRoute(mine(), { hostnames, rules, ...more });
}

function isManifest(change: Manifest | ObjectChange): change is Manifest {
  return "kind" in change;
}
