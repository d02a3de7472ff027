import { RecordKeeper } from "../claims/record-keeper.ts";
import type { OverriddenRecord } from "../claims/record-writer.ts";
import { wasServedBefore } from "../claims/served-before.ts";
import { type ObjectKey, objectKey, parseObjectKey } from "../core/keys.ts";
import type { KubeClient } from "../core/kube-client.ts";
import { isPortHolding } from "../core/ownership.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { StoredObject } from "../core/stored-object.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import type { EventNews } from "../status/events.ts";

/** What the claims of a cluster are kept with. */
export interface ClusterClaimsParts {
  readonly client: KubeClient;
  readonly now: () => Date;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly controllerName: string;
  /** How long a claim outlives its last route. */
  readonly claimHours: number;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** What the API server holds of an object. */
  readonly stored: (object: ObjectKey) => StoredObject | undefined;
  readonly isAbsent: () => boolean;
  readonly mayWrite: () => boolean;
  readonly changed: () => void;
  readonly note: (news: EventNews) => void;
}

/** Makes the keeper of the HostnameRecords of a cluster. */
export function createClusterClaims(parts: ClusterClaimsParts): RecordKeeper {
  const { client, now, scheduler, random, controllerName, claimHours, metrics, logger, stored } = parts;
  return new RecordKeeper({
    client,
    now,
    scheduler,
    random,
    log: logger,
    retentionMs: claimHours * 3_600_000,
    wasServed: ({ object }) => wasServedBefore(stored(object), controllerName),
    isAbsent: parts.isAbsent,
    mayWrite: parts.mayWrite,
    changed: parts.changed,
    onWrite: ({ action, outcome }) => metrics.recordWrites.inc({ action, outcome }),
    onOverridden: (overridden) => tell(overridden, parts),
  });
}

/** Brings what tells of claims up to date. */
export function measureClaims(keeper: Pick<RecordKeeper, "load">, metrics: Metrics): void {
  const { recorded, unrecorded, open } = keeper.load;
  metrics.claims.set({ state: "recorded" }, recorded);
  metrics.claims.set({ state: "unrecorded" }, unrecorded);
  metrics.claims.set({ state: "open" }, open);
}

/** Who had a hostname sees that in the status of the route; who has it now, and the platform, see an Event. */
function tell({ name, uid, after }: OverriddenRecord, { note, stored }: ClusterClaimsParts): void {
  // Ports are granted by nobody: who had one first has left it to those who use it.
  if (isPortHolding(after)) return;
  const { hostname, object } = after;
  const reason = "HostnameOverridden";
  note({
    object: objectKey("HostnameRecord", name),
    uid,
    type: "Normal",
    reason,
    note: `A HostnameClaim grants "${hostname}" to another namespace than the one that held it`,
  });
  const holder = stored(object);
  if (holder === undefined) return;
  const { kind } = parseObjectKey(object);
  const text = `A HostnameClaim grants "${hostname}": this ${kind} has it from now on`;
  note({ object, uid: holder.uid, type: "Normal", reason, note: text });
}
