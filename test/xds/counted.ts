import type { NamespacedName } from "../../src/core/keys.ts";
import type { ResourceType } from "../../src/core/xds-resource.ts";
import { FleetMemory } from "../../src/xds/fleet-memory.ts";
import { ResourceTable, type TableListener } from "../../src/xds/resource-table.ts";

/** Counts who hears of refusals. */
export class CountedMemory extends FleetMemory {
  listeners = 0;

  override onRefusal(listener: (type: ResourceType, name: string) => void): () => void {
    this.listeners += 1;
    const stop = super.onRefusal(listener);
    return () => {
      this.listeners -= 1;
      stop();
    };
  }
}

/** Counts who hears of changes. */
export class CountedTable extends ResourceTable {
  listeners = 0;

  override onChange(of: NamespacedName, listener: TableListener): () => void {
    this.listeners += 1;
    const stop = super.onChange(of, listener);
    return () => {
      this.listeners -= 1;
      stop();
    };
  }
}
