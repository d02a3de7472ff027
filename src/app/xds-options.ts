/** What the wiring tells the ADS server, whichever mode it runs in. */
import type { FleetSpec } from "../core/fleet.ts";
import type { Metrics } from "../metrics.ts";
import type { XdsMetrics } from "../xds/server.ts";

/** How many proxies a fleet has at most; undefined where its users run them. */
export function fleetSize(spec: FleetSpec | undefined): number | undefined {
  if (spec === undefined || !spec.parameters.managed) return undefined;
  return spec.parameters.autoscaling?.maxReplicas ?? spec.parameters.replicas;
}

/** Proxies may have read requests for a cluster before they heard that it is gone, and look it up only after that. */
export const clusterLingerMs = 5_000;

/** Counts what the ADS server does. */
export function xdsMetrics(metrics: Metrics): XdsMetrics {
  return {
    responseSent: (type, bytes) => {
      metrics.xdsResponses.inc({ type });
      metrics.xdsResponseBytes.inc({ type }, bytes);
    },
    nack: (type) => metrics.xdsRefusals.inc({ type }),
    streamOpened: () => metrics.xdsStreams.inc(),
    streamClosed: () => metrics.xdsStreams.dec(),
    streamStuck: () => metrics.xdsStuckStreams.inc(),
    streamFree: () => metrics.xdsStuckStreams.dec(),
  };
}
