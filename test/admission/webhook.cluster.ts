/** The webhook as a real API server asks it, on loopback and without pods. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { chartFolder } from "../../scripts/render-manifests.ts";
import { Admission } from "../../src/app/admission.ts";
import type { RawObject } from "../../src/core/kube-client.ts";
import { createMetrics } from "../../src/metrics.ts";
import { type KubeApi, loadKubeApi } from "../../src/watch/kube-api.ts";
import { goModuleFolder } from "../conformance/bed/go-module.ts";
import { waitFor } from "../conformance/bed/wait-for.ts";
import { type ChartCluster, startChartCluster } from "../deploy/chart-api-server.ts";
import { configurations, createTrust, identify, judgeApi, newAuthority, service } from "./webhook-world.ts";

const namespace = "gatehouse-system";
let cluster: ChartCluster;
let api: KubeApi;
let admission: Admission;

beforeAll(async () => {
  cluster = await startChartCluster();
  const crds = join(goModuleFolder("sigs.k8s.io/gateway-api", "v1.7.0"), "config/crd/standard");
  const files = readdirSync(crds).filter((name) => /_(httproutes|listenersets)\.yaml$/.test(name));
  cluster.kubectl("apply", "--server-side", ...files.flatMap((file) => ["-f", join(crds, file)]));
  for (const name of [namespace, "shop", "billing"]) cluster.kubectl("create", "namespace", name);
  const verbs = "--verb=get,create,update,patch,delete";
  cluster.kubectl("create", "clusterrole", "author", verbs, "--resource=httproutes.gateway.networking.k8s.io");
  cluster.kubectl("-n", "shop", "create", "rolebinding", "user1", "--clusterrole=author", "--user=user1");
  cluster.kubectl("create", "clusterrolebinding", "platform", "--clusterrole=author", "--user=platform");
  await startWebhook();
}, 600_000);

afterAll(async () => {
  await admission?.stop();
  api?.close();
  await cluster?.stop();
});

/** Serves on loopback; the chart's configuration leads there by a Service that is only another name for it. */
async function startWebhook(): Promise<void> {
  const loaded = loadKubeApi({ kubeconfig: join(cluster.folder, "kubeconfig") });
  if (loaded.kind === "failed") throw new Error(loaded.message);
  api = loaded.value;
  const logger = pino({ level: "silent" });
  const trust = createTrust(logger);
  admission = new Admission({
    config: { address: { host: "127.0.0.1", port: 0 }, service, configuration: "gatehouse", namesHolders: true },
    api,
    trust,
    isReady: () => true,
    judge: judgeApi,
    metrics: createMetrics(),
    logger,
  });
  const { port } = await admission.listen();
  const rendered = cluster.helm("template", "gatehouse", chartFolder, "-n", namespace, "-s", "templates/webhook.yaml");
  for (const document of parseAllDocuments(rendered)) apply(toLoopback(document.toJS(), port));
  await identify(trust, [await newAuthority()]);
  admission.lead(true);
  await waitFor("the registration", async () => JSON.stringify(await configuration()).includes("/validate/"));
  const ask = () => applyRoute("user1", "api.example.com", "&dryRun=All");
  await waitFor("the API server to ask", async () => (await ask()).status === 403, 30);
}

function toLoopback(object: RawObject, port: number): object {
  if (object.kind === "Service") return { ...object, spec: { type: "ExternalName", externalName: "localhost" } };
  // The chart's own, with one webhook.
  return JSON.parse(JSON.stringify(object).replace('"port":443', `"port":${port}`));
}

async function configuration(): Promise<unknown> {
  return (await cluster.call({ method: "GET", path: `${configurations}/gatehouse` })).body;
}

function apply(object: object): void {
  const file = join(cluster.folder, "applied.json");
  writeFileSync(file, JSON.stringify(object));
  cluster.kubectl("apply", "-f", file);
}

/** Applies a route as kubectl does on the server's side; not by kubectl, for which this process would have to stand still. */
async function applyRoute(user: string, hostname: string, query = ""): Promise<{ status: number; said: string }> {
  const body = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { namespace: "shop", name: "web" },
    spec: { hostnames: [hostname], parentRefs: [{ name: "shared", namespace: "infra" }] },
  };
  const answer = await cluster.call({
    method: "PATCH",
    path: `/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/web?fieldManager=test&force=true${query}`,
    contentType: "application/apply-patch+yaml",
    body,
    as: { user },
  });
  return { status: answer.status, said: String(answer.body["message"]) };
}

const denied = 'admission webhook "hostnames.gatehouse.dev" denied the request: ';

// Each of these goes on where the one before it ended.
describe("a route that is applied", () => {
  it("is stored with a hostname that is nobody's", async () => {
    expect(await applyRoute("user1", "mine.example.com")).toMatchObject({ status: 201 });
  });

  it("is refused a hostname that is another's, in the article's words to who may read the route", async () => {
    expect(await applyRoute("platform", "api.example.com")).toEqual({
      status: 403,
      said: `${denied}Hostname 'api.example.com' is already claimed by HTTPRoute 'api' in namespace 'billing'.`,
    });
  });

  it("is told no name where its author may read none", async () => {
    expect(await applyRoute("user1", "api.example.com")).toEqual({
      status: 403,
      said: `${denied}Hostname 'api.example.com' is already claimed in this cluster.`,
    });
  });

  it("is stored when nobody answers", async () => {
    await admission.stop();
    expect(await applyRoute("user1", "api.example.com")).toMatchObject({ status: 200 });
  });
});
