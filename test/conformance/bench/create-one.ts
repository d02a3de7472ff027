import { setTimeout as sleep } from "node:timers/promises";
import { summarize } from "../../bench/samples.ts";
import type { BedApi } from "../bed/api.ts";
import { benchRoute, hostOf, serviceOf, sharedService } from "./bench-objects.ts";
import { benchPaths } from "./bench-paths.ts";
import type { ServedTimes } from "./bench-settings.ts";
import type { GatewayProbe } from "./gateway-probe.ts";

interface Bench {
  readonly api: BedApi;
  readonly probe: GatewayProbe;
}

/** Not counted: the first take code that has never run. */
const warmUps = 5;

/** Times routes to Services that are there, from the creation on; each is deleted again. */
export function timeExistingService(bench: Bench, count: number): Promise<ServedTimes> {
  return timeRoutes(count, async (index) => {
    const name = `existing-${index}`;
    const took = await timeRoute(bench, { name, service: sharedService(index), path: "/" });
    await bench.api.remove(`${benchPaths.routes}/${name}`);
    return took;
  });
}

/** Times routes to Services that are created just before them, from the creation of the Service on. */
export function timeNewService(bench: Bench, count: number): Promise<ServedTimes> {
  return timeRoutes(count, async (index) => {
    const name = `new-${index}`;
    const started = performance.now();
    await bench.api.create(benchPaths.services, serviceOf(name));
    await timeRoute(bench, { name, service: name, path: "/" });
    const took = performance.now() - started;
    await bench.api.remove(`${benchPaths.routes}/${name}`);
    await bench.api.remove(`${benchPaths.services}/${name}`);
    return took;
  });
}

async function timeRoutes(count: number, time: (index: number) => Promise<number>): Promise<ServedTimes> {
  const samples: number[] = [];
  for (let index = 0; index < count + warmUps; index++) {
    // What the last one has left to do is done, and not in step with anything that happens at regular times.
    await sleep(200 + Math.random() * 100);
    const took = await time(index);
    if (index >= warmUps) samples.push(took);
  }
  return { summary: summarize(samples), samples };
}

async function timeRoute(
  { api, probe }: Bench,
  { name, service, path }: { readonly name: string; readonly service: string; readonly path: string },
): Promise<number> {
  const started = performance.now();
  const served = probe.untilServed(hostOf(name), path);
  await api.create(benchPaths.routes, benchRoute(name, { service, path }));
  return (await served) - started;
}
