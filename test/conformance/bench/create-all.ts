import type { RawObject } from "../../../src/core/kube-client.ts";
import type { BedApi } from "../bed/api.ts";
import { waitFor } from "../bed/wait-for.ts";
import type { ReportedObject } from "../scenarios/gateway-status.ts";
import { benchRoute, hostOf, sharedService } from "./bench-objects.ts";
import { benchPaths } from "./bench-paths.ts";
import type { BulkCosts } from "./bench-settings.ts";
import { type ClusterProcesses, eachPartOf } from "./cluster-processes.ts";
import { openProbe } from "./gateway-probe.ts";

/** Requests that are under way at once. */
const parallel = 16;

/** The name of a route that is there from the beginning. */
export function routeName(index: number): string {
  return `route-${index}`;
}

/** Creates so many routes, as fast as it goes, and waits until the status of each is written. */
export async function createAll(
  { api, address, processes }: { readonly api: BedApi; readonly address: string; readonly processes: ClusterProcesses },
  routes: number,
): Promise<BulkCosts> {
  const watching = new AbortController();
  const reported = new Map<string, number>();
  api.watch<ReportedObject>(
    benchPaths.routes,
    (_, route) => {
      const { name } = route.metadata;
      if (!reported.has(name) && isReported(route)) reported.set(name, performance.now());
    },
    watching.signal,
  );
  const before = await processes.cpuTimes();
  const started = performance.now();
  await inParallel(routes, (index) => api.create(benchPaths.routes, plainRoute(index)));
  const created = performance.now();
  await waitFor("all statuses", async () => reported.size >= routes, 60 + routes / 10);
  watching.abort();
  const after = await processes.cpuTimes();
  const asked = performance.now();
  const probe = await openProbe(address);
  const served = await probe.untilServed(hostOf(routeName(routes - 1)), "/");
  probe.close();
  return {
    createdSeconds: (created - started) / 1000,
    statusSeconds: (Math.max(...reported.values()) - started) / 1000,
    cpuMsPerRoute: eachPartOf((part) => (after[part] - before[part]) / routes),
    lastServedMs: served - asked,
  };
}

function plainRoute(index: number): RawObject {
  return benchRoute(routeName(index), { service: sharedService(index), path: "/" });
}

/** Whether it is accepted and its references are resolved, in the generation that it has. */
function isReported({ metadata, status }: ReportedObject): boolean {
  const conditions = status?.parents?.[0]?.conditions ?? [];
  const isTrue = (type: string): boolean =>
    conditions.some(
      (condition) =>
        condition.type === type && condition.status === "True" && condition.observedGeneration === metadata.generation,
    );
  return isTrue("Accepted") && isTrue("ResolvedRefs");
}

async function inParallel(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}
