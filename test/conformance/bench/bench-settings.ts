import type { Machine, Summary } from "../../bench/samples.ts";

/** One measurement on a cluster of its own; written for the program that runs inside. */
export interface BenchSettings {
  /** HTTPRoutes, each with a hostname of its own. */
  readonly routes: number;
  /** Replicas of the control plane. */
  readonly replicas: number;
  /** Routes that are timed from their creation until they are served. */
  readonly samples: number;
}

/** What one measurement found; all times in milliseconds unless told. */
export interface BenchResult extends BenchSettings {
  readonly bulk: BulkCosts;
  readonly existingService: ServedTimes;
  readonly newService: ServedTimes;
  readonly changes: ChangeCosts;
  readonly memory: readonly ProcessMemory[];
}

/** Creating all routes at once. */
export interface BulkCosts {
  readonly createdSeconds: number;
  /** From the first creation until the last route's status is written. */
  readonly statusSeconds: number;
  /** CPU time of each part of the cluster for each of these routes. */
  readonly cpuMsPerRoute: PartTimes;
  /** The last is asked for when all statuses are written: what is still missing to it being served. */
  readonly lastServedMs: number;
}

/** From `create` until the first answer by the new route. */
export interface ServedTimes {
  readonly summary: Summary;
  readonly samples: readonly number[];
}

/** Changes of one route's path, without any request to the proxies. */
export interface ChangeCosts {
  readonly count: number;
  /** CPU time for each change, less what the same processes take when nothing changes. */
  readonly cpuMs: PartTimes;
  readonly cpuMsOfTurns: readonly PartTimes[];
  /** CPU time per second when nothing changes. */
  readonly restMsPerSecond: PartTimes;
}

/** The parts of the cluster whose CPU time is told apart: all processes of a part together. */
export const parts = ["controlPlane", "envoy", "apiServer", "etcd"] as const;
export type Part = (typeof parts)[number];
export type PartTimes = Readonly<Record<Part, number>>;

export interface ProcessMemory {
  readonly part: Part;
  readonly residentMiB: number;
  readonly peakMiB: number;
}

/** What `make bench-cluster` found. */
export interface BenchReport {
  readonly machine: Machine;
  /** The machine's load when the run began: another one than near zero spoils the figures. */
  readonly loadBefore: number;
  readonly results: readonly BenchResult[];
}
