/** Runs inside a bed that has Gatehouse: measures what its input asks for, and prints what it found as JSON. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type BedApi, openApi } from "../bed/api.ts";
import { bedNetwork } from "../bed/layout.ts";
import { waitFor } from "../bed/wait-for.ts";
import type { ReportedObject } from "../scenarios/gateway-status.ts";
import { benchObjects, benchPlace } from "./bench-objects.ts";
import { benchPaths } from "./bench-paths.ts";
import type { BenchResult, BenchSettings } from "./bench-settings.ts";
import { measureChanges } from "./change-costs.ts";
import { findProcesses } from "./cluster-processes.ts";
import { createAll } from "./create-all.ts";
import { timeExistingService, timeNewService } from "./create-one.ts";
import { openProbe } from "./gateway-probe.ts";

const [credentials = ""] = process.argv.slice(2);
// Written by whoever starts this.
const settings = JSON.parse(await text(process.stdin)) as BenchSettings;
/** Everybody is quiet again. */
const settleMs = 5_000;
const api = openInside(credentials);
process.stdout.write(JSON.stringify(await measure(api, settings)));
process.exit(0);

async function measure(api: BedApi, settings: BenchSettings): Promise<BenchResult> {
  const { routes, replicas, samples } = settings;
  const address = await prepare(api);
  // The last part to know of a new proxy is kube-proxy.
  const first = await waitFor("the Gateway to be reached", () => openProbe(address));
  first.close();
  const processes = await findProcesses({ replicas });
  progress(`creating ${routes} routes`);
  const bulk = await createAll({ api, address, processes }, routes);
  // Anew: where a listener's table was cut on the way, connections that were open before still see the whole one.
  const bench = { api, processes, probe: await openProbe(address) };
  progress("resting");
  await sleep(settleMs);
  progress(`timing ${samples} new routes`);
  const existingService = await timeExistingService(bench, samples);
  progress(`timing ${samples} new routes with new Services`);
  const newService = await timeNewService(bench, samples);
  await sleep(settleMs);
  progress("counting the CPU time of changes");
  const changes = await measureChanges(bench, routes);
  await processes.check();
  return { ...settings, bulk, existingService, newService, changes, memory: await processes.memory() };
}

/** Creates the Gateway and its backends, and answers the address. */
async function prepare(api: BedApi): Promise<string> {
  progress("creating a Gateway");
  for (const object of benchObjects()) await api.create(collectionOf(object), object);
  const path = `${benchPaths.gateways}/${benchPlace.gateway}`;
  return waitFor("the Gateway to be programmed", async () => {
    const { status } = await api.get<ReportedObject>(path);
    const programmed = status?.conditions?.some(({ type, status }) => type === "Programmed" && status === "True");
    return programmed === true ? status?.addresses?.[0]?.value : undefined;
  });
}

function collectionOf({ kind }: { readonly kind?: string | undefined }): string {
  switch (kind) {
    case "Namespace":
      return "/api/v1/namespaces";
    case "Service":
      return benchPaths.services;
    case "Deployment":
      return `/apis/apps/v1/namespaces/${benchPlace.namespace}/deployments`;
    case "Gateway":
      return benchPaths.gateways;
    default:
      throw new Error(`bug: no place for a ${kind}`);
  }
}

function openInside(folder: string): BedApi {
  const credential = (name: string): string => readFileSync(join(folder, name), "utf8");
  return openApi({
    server: { host: bedNetwork.nodeAddress, port: bedNetwork.apiServerPort },
    authorityPem: credential("ca.crt"),
    certificatePem: credential("admin.crt"),
    keyPem: credential("admin.key"),
  });
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}
