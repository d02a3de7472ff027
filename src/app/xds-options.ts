/** What the wiring tells the ADS server, whichever mode it runs in. */
import type { XdsResource } from "../core/xds-resource.ts";
import type { Metrics } from "../metrics.ts";
import { refusedTable } from "../translate/envoy/route-tables.ts";
import type { XdsMetrics } from "../xds/server.ts";

/**
 * A table that belongs to one hostname alone is replaced by one that answers 500: else the wildcard's routes would answer
 * for that hostname. Of a table that many share the proxy keeps the last good version, so that nobody else is hurt.
 */
export function substituteFor(refused: XdsResource): XdsResource | undefined {
  const ofOneHostname = refused.type === "route" && refused.name.includes("/") && !refused.name.endsWith("/*");
  return ofOneHostname ? refusedTable(refused) : undefined;
}

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
  };
}
