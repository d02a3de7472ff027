import type { FleetSpec, FleetState } from "../core/fleet.ts";
import type { HistoryQuestion, HistoryReport } from "../core/history.ts";
import type { Quarantine } from "../core/quarantine.ts";
import type { ResourceType } from "../core/xds-resource.ts";

/** One object's status, with the object's name in parts. */
export interface StatusEntry {
  /** `Kind/namespace/name`. */
  readonly object: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** As the Kubernetes API spells it. */
  readonly status: ShownStatus;
}

/** What the pages read of a status; the JSON shows all of it. */
export interface ShownStatus {
  readonly conditions?: readonly ShownCondition[];
  readonly listeners?: readonly {
    readonly name: string;
    readonly attachedRoutes: number;
    readonly conditions?: readonly ShownCondition[];
  }[];
  readonly parents?: readonly {
    readonly parentRef: { readonly namespace?: string; readonly name: string; readonly sectionName?: string };
    readonly conditions?: readonly ShownCondition[];
  }[];
}

export interface ShownCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** A Gateway of ours with what its proxies get. */
export interface GatewayEntry {
  readonly gateway: string;
  readonly proxies: number;
  readonly readyProxies: number;
  /** How many resources it has of each type. */
  readonly resources: Readonly<Record<ResourceType, number>>;
}

/** How the proxies of a Gateway should be run, with the origin of every parameter, and how they are. */
export interface FleetEntry {
  readonly gateway: string;
  readonly spec: FleetSpec;
  /** Absent as long as nothing is known of them. */
  readonly state?: FleetState;
}

/** An Envoy resource, decoded and without secrets. */
export interface ResourceEntry {
  readonly type: ResourceType;
  readonly name: string;
  readonly version: string;
  readonly resource: unknown;
}

export interface ResourceQuery {
  readonly gateway: string;
  readonly type?: string;
  readonly name?: string;
  /** Resources to skip and to show at most: decoding costs time that proxies wait for. */
  readonly offset: number;
  readonly limit: number;
}

export interface ResourcePage {
  readonly total: number;
  readonly resources: readonly ResourceEntry[];
}

/** A connected proxy as the index page tells it; the JSON has more. */
export interface StreamEntry {
  readonly gateway: string;
  readonly node: string;
  readonly protocol: string;
  /** What the proxy said of what it refused last, by type. */
  readonly refusals: readonly { readonly type: string; readonly message: string }[];
}

/** Something that could not be read. */
export interface ProblemEntry {
  readonly file: string;
  readonly document?: number;
  readonly path?: string;
  readonly object?: string;
  readonly message: string;
}

/** A quarantine, by the name of the object that keeps it in a cluster. */
export interface QuarantineEntry extends Readonly<Quarantine["spec"]> {
  readonly name: string;
}

/** How the translation is doing. */
export interface GraphReport {
  readonly collections: readonly { readonly name: string; readonly size: number; readonly runs: number }[];
  readonly failures: readonly { readonly collection: string; readonly key: string; readonly message: string }[];
}

export interface OriginQuery {
  readonly gateway: string;
  readonly type: string;
  readonly name: string;
}

/** Everything that the debug pages may see. Reading only: nothing behind it can be changed from here. */
export interface DebugView {
  readonly version: string;
  ready(): boolean;
  gateways(): readonly GatewayEntry[];
  /** By Gateway, of those that are accepted or were. */
  fleets(): readonly FleetEntry[];
  /** Undefined for a Gateway or a type that we do not serve. */
  resources(query: ResourceQuery): ResourcePage | undefined;
  statuses(): readonly StatusEntry[];
  streams(): readonly StreamEntry[];
  problems(): readonly ProblemEntry[];
  /** What proxies have refused and are not sent again. */
  quarantines(): readonly QuarantineEntry[];
  graph(): GraphReport;
  /** Who answers a host (`*`: every one that nothing else has) or has a port, and every time that somebody else came to. */
  history(question: HistoryQuestion): HistoryReport;
  /** Objects (`Kind/namespace/name`) that a resource was made from; undefined when there is no such resource. */
  origins(query: OriginQuery): readonly string[] | undefined;
}
