import type { NamespacedName } from "../core/keys.ts";
import type { ResourceType, XdsResource } from "../core/xds-resource.ts";
import type { FleetMemory } from "./fleet-memory.ts";
import type { Refusals } from "./refusals.ts";
import type { ResourceTable, TableEntry } from "./resource-table.ts";
import type { ClientView, Desired } from "./response-batch.ts";

/** Whose view it is, once that is known. */
export interface Viewer {
  readonly gateway: NamespacedName;
  readonly memory: FleetMemory;
  readonly refusals: Refusals;
}

/** The table as one client is to have it: with something else in the place of what was refused. */
export class TableView implements ClientView {
  readonly #table: ResourceTable;
  #viewer: Viewer | undefined;

  constructor(table: ResourceTable) {
    this.#table = table;
  }

  open(viewer: Viewer): void {
    this.#viewer = viewer;
  }

  desired(type: ResourceType, name: string, held: string | undefined): Desired {
    const entry = this.#viewer && this.#table.entry(this.#viewer.gateway, type, name);
    if (this.#viewer === undefined || entry === undefined) return { kind: "absent" };
    const fit = this.#viewer.refusals.fit(entry.resource, held);
    if (fit.kind === "none") return { kind: "withheld", changed: entry.changed };
    if (fit.kind === "whole") return { kind: "resource", ...entry, isTrial: false, isKept: false };
    return { kind: "resource", ...entry, resource: fit.resource, isTrial: fit.isTrial, isKept: true };
  }

  form(type: ResourceType, name: string, version: string): XdsResource | undefined {
    const current = this.#viewer && this.#table.entry(this.#viewer.gateway, type, name)?.resource;
    return [current, this.#viewer?.memory.lastGood(type, name)].find((form) => form?.version === version);
  }

  entries(type: ResourceType): ReadonlyMap<string, TableEntry> {
    return this.#viewer === undefined ? new Map() : this.#table.entries(this.#viewer.gateway, type);
  }

  version(type: ResourceType): string {
    return this.#viewer === undefined ? "" : this.#table.version(this.#viewer.gateway, type);
  }

  generation(): number {
    return this.#table.generation;
  }
}
