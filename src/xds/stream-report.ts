import type { NamespacedName } from "../core/keys.ts";
import type { ResourceType } from "../core/xds-resource.ts";

/** One type of one stream, for the debug page. Times are milliseconds since the epoch. */
export interface TypeReport {
  readonly type: ResourceType;
  readonly wildcard: boolean;
  /** How many resources were asked for by name. */
  readonly names: number;
  /** How many resources the client acknowledged. */
  readonly acknowledged: number;
  /** Whether a response waits for its answer. */
  readonly inFlight: boolean;
  /** Whether that answer should have come by now. */
  readonly stuck: boolean;
  /** How many names something is kept about for this client, of what it has, wants and lacks. */
  readonly kept: number;
  /** The version of the last response; state of the world only, delta versions each resource. */
  readonly sentVersion?: string;
  readonly sentAt?: number;
  readonly lastNack?: { readonly time: number; readonly text: string; readonly resources: readonly string[] };
}

/** One connected proxy, for the debug page. */
export interface StreamReport {
  readonly id: string;
  /** Undefined until the first request has said who it is. */
  readonly gateway: NamespacedName | undefined;
  readonly nodeId: string | undefined;
  readonly cluster: string | undefined;
  readonly envoyVersion: string | undefined;
  readonly transport: "delta" | "sotw";
  readonly connectedSince: number;
  readonly firstConfigAcknowledged: boolean;
  /** Whether it owes an answer that should have come by now: nothing that may depend on it is sent. */
  readonly stuck: boolean;
  readonly types: readonly TypeReport[];
}
