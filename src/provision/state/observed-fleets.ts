import type { RawObject } from "../../core/kube-client.ts";
import type { FleetObjectKind } from "../render/fleet-object.ts";
import { isEarlierState } from "./earlier-state.ts";

/** The objects of one fleet as they were last seen. */
export type ObservedFleet = ReadonlyMap<FleetObjectKind, RawObject>;

/** What is seen of the objects of all fleets, by `namespace/name`: all objects of a fleet have the same. */
export class ObservedFleets {
  readonly #fleets = new Map<string, Map<FleetObjectKind, RawObject>>();

  /** Notes an object, or with undefined that it is gone; false when we know a later state of it already. */
  set(kind: FleetObjectKind, name: string, object: RawObject | undefined): boolean {
    const fleet = this.#fleets.get(name) ?? new Map<FleetObjectKind, RawObject>();
    const known = fleet.get(kind);
    if (object === undefined) {
      if (!fleet.delete(kind)) return false;
      if (fleet.size === 0) this.#fleets.delete(name);
      return true;
    }
    if (known !== undefined && isEarlierState(object, known)) return false;
    fleet.set(kind, object);
    this.#fleets.set(name, fleet);
    return true;
  }

  /** The objects of the fleet of that name. */
  get(name: string): ObservedFleet {
    return this.#fleets.get(name) ?? none;
  }

  names(): IterableIterator<string> {
    return this.#fleets.keys();
  }
}

const none: ObservedFleet = new Map();
