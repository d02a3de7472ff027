import type { NamespacedName } from "../core/keys.ts";

/** Something about a fleet that people should see, once: for the log, and an Event on the Gateway. */
export interface FleetReport {
  readonly gateway: NamespacedName;
  readonly type: "Normal" | "Warning";
  readonly reason: "ProxiesApplied" | "ProxiesRefused" | "ProxiesRecovered" | "ProxiesRepaired" | "ProxiesRemoved";
  readonly message: string;
}
