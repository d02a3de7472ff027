/** One random world in a translation of its own, from which everything can be asked. */
import { type TranslationChanges, Translator } from "../../src/app/translator.ts";
import type { StatusUpdate } from "../../src/core/conditions.ts";
import type { NamespacedName, ObjectKey } from "../../src/core/keys.ts";
import { type ResourceType, resourceTypes, type XdsResource } from "../../src/core/xds-resource.ts";
import type { RoutingView } from "../../src/translate/pipeline.ts";
import { statusFaults } from "./check-statuses.ts";
import type { Resources } from "./live-proxy.ts";
import { controllerName } from "./random-world.ts";
import { keyOf, type TakenObject } from "./take.ts";

export interface FuzzWorld {
  readonly statuses: ReadonlyMap<ObjectKey, StatusUpdate>;
  set(objects: readonly TakenObject[]): void;
  delete(objects: readonly TakenObject[]): void;
  /** Brings everything up to date, and tells what is wrong: transforms that threw, statuses that are missing. */
  flush(): readonly string[];
  /** What the proxies of each Gateway have. */
  resources(): ReadonlyMap<NamespacedName, Resources>;
  /** What is decided by. */
  readonly routing: RoutingView;
}

export function createFuzzWorld(bindAddress: string): FuzzWorld {
  const placement = { kind: "standalone", bindAddresses: [bindAddress] } as const;
  const translator = new Translator({ controllerName, placement });
  const statuses = new Map<ObjectKey, StatusUpdate>();
  const objects = new Map<string, TakenObject>();
  const fleets = new Map<NamespacedName, Map<ResourceType, Map<string, XdsResource>>>();
  const publish = (changes: TranslationChanges) => {
    for (const [key, status] of changes.statuses) {
      if (status === undefined) statuses.delete(key);
      else statuses.set(key, status);
    }
    for (const [gateway, changed] of changes.resources) {
      const fleet = fleets.get(gateway) ?? new Map(resourceTypes.map((type) => [type, new Map<string, XdsResource>()]));
      fleets.set(gateway, fleet);
      for (const { type, name, resource } of changed) {
        if (resource === undefined) fleet.get(type)?.delete(name);
        else fleet.get(type)?.set(name, resource);
      }
    }
  };
  return {
    statuses,
    set: (taken) => {
      for (const entry of taken) {
        objects.set(keyOf(entry), entry);
        translator.set(entry.kind, entry.name, entry.object);
      }
    },
    delete: (taken) => {
      for (const entry of taken) {
        objects.delete(keyOf(entry));
        translator.delete(entry.kind, entry.name);
      }
    },
    flush: () => {
      do publish(translator.flush());
      while (translator.graph.dirty);
      const failures = [...translator.graph.failures.values()].map(
        ({ collection, key, error }) => `${collection} ${key} threw ${error.stack}`,
      );
      const gateways = new Set(translator.gateways());
      return [...failures, ...statusFaults({ objects: [...objects.values()], gateways, statuses })];
    },
    resources: () => fleets,
    get routing() {
      return translator.routing;
    },
  };
}
