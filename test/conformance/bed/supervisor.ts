/**
 * The first process of a bed: starts the cluster's programs and stays. It runs inside namespaces of its own for network,
 * mounts and processes (`unshare`), so its end is the end of everything that the bed has started or mounted.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { agentComponent, writeAgentSettings } from "./agent-settings.ts";
import { type BedApi, openApi } from "./api.ts";
import { serveApiSocket } from "./api-socket.ts";
import { apiComponents, type Component, clusterComponents } from "./control-plane.ts";
import { type BedLayout, bedNetwork, layoutOf } from "./layout.ts";
import { runLoadBalancer } from "./load-balancer.ts";
import { setUpNetwork } from "./network.ts";
import { createNode } from "./node-object.ts";
import { createCredentials, kubeconfigOf } from "./pki.ts";
import { hideMachineFolders } from "./private-mounts.ts";
import { runComponents } from "./run-components.ts";
import { runScheduler } from "./scheduler.ts";
import type { SupervisorReport, SupervisorSettings } from "./supervisor-settings.ts";
import { waitFor } from "./wait-for.ts";

const [settingsFile = ""] = process.argv.slice(2);
// Written by startBed a moment ago.
const settings = JSON.parse(readFileSync(settingsFile, "utf8")) as SupervisorSettings;
const layout = layoutOf(settings.stateDirectory);

try {
  await bringUp(settings, layout);
  report(layout, { kind: "ready", seconds: Math.round(process.uptime() * 10) / 10 });
} catch (error) {
  report(layout, { kind: "failed", reason: error instanceof Error ? error.message : String(error) });
  process.exit(1);
}

async function bringUp({ binaries, images }: SupervisorSettings, layout: BedLayout): Promise<void> {
  for (const folder of [layout.logs, layout.agentState]) mkdirSync(folder, { recursive: true });
  hideMachineFolders();
  setUpNetwork();
  const credentials = await createCredentials(layout);
  const { admin, authorityPem } = credentials;
  const inputs = { binaries, layout, credentials };
  const start = (components: readonly Component[]): void => runComponents(components, layout.logs, endBed);
  writeFileSync(layout.kubeconfig, kubeconfigOf(authorityPem, admin), { mode: 0o600 });
  start(apiComponents(inputs));
  const api = openApi({ server: { host: "127.0.0.1", port: bedNetwork.apiServerPort }, authorityPem, ...admin });
  await waitFor("the API server", () => api.get("/readyz"));
  await serveApiSocket(layout.apiSocket);
  await createNode(api);
  writeAgentSettings({ layout, credentials, images });
  start([...clusterComponents(inputs), agentComponent(layout)]);
  runForever(api);
  await waitFor("the first service account", () => api.get("/api/v1/namespaces/default/serviceaccounts/default"));
}

function runForever(api: BedApi): void {
  const { signal } = new AbortController();
  runScheduler(api, signal);
  runLoadBalancer(api, bedNetwork.loadBalancerPool, signal);
}

/** A cluster without one of its parts is no bed to test on. */
function endBed(reason: string): void {
  console.error(reason);
  report(layout, { kind: "failed", reason });
  process.exit(1);
}

function report({ readyFile }: BedLayout, report: SupervisorReport): void {
  writeFileSync(`${readyFile}.new`, JSON.stringify(report));
  renameSync(`${readyFile}.new`, readyFile);
}
