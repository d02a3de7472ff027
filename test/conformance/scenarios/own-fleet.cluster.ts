import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RawObject } from "../../../src/core/kube-client.ts";
import { bedNetwork } from "../bed/layout.ts";
import type { RunResult } from "../bed/run-inside.ts";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { gatehouse } from "../suite/install-gatehouse.ts";
import { ask, backendOf } from "./ask.ts";
import { backend, restrictedNamespace } from "./cluster-manifest.ts";
import { classWithParameters, gatewayOf, routeTo } from "./gateway-objects.ts";
import { addressOf, conditionOf, readObject } from "./gateway-status.ts";
import { applyAs, appointDeveloper } from "./people.ts";
import { type ScenarioBed, startScenarioBed } from "./scenario-bed.ts";

const checkout = fileURLToPath(new URL("../../../", import.meta.url));
/** Where an Envoy without privileges listens for the Gateway's port 80. */
const boundPort = 10_080;
let scenario: ScenarioBed;
let bed: Bed;

beforeAll(async () => {
  scenario = await startScenarioBed();
  bed = scenario.bed;
  const parameters = { proxies: "Unmanaged", addressService: { namespace: "edge", name: "envoy" } };
  await applyAs(bed, "infra-provider", classWithParameters("own-fleet", parameters));
  await applyAs(bed, "cluster-operator", [restrictedNamespace("edge"), gatewayOf("edge", "own", "own-fleet")]);
  const developer = await appointDeveloper(bed, "edge");
  await applyAs(bed, developer, [...backend("edge", "echo"), routeTo("edge", "echo", ["own"])]);
});

afterAll(() => scenario?.stop());

// Each of these stories goes on where the one before it ended.
it("says which Service is missing, and provisions nothing", async () => {
  const programmed = await waitFor("the Gateway's condition", async () => {
    const condition = conditionOf(await readObject(bed, "Gateway edge/own"), "Programmed");
    return condition?.reason === "AddressNotAssigned" && condition;
  });
  expect(programmed).toMatchObject({ status: "False", message: expect.stringContaining("edge/envoy") });
  for (const path of ["/apis/apps/v1/namespaces/edge/deployments", "/api/v1/namespaces/edge/services"]) {
    const { items } = await bed.api.get<{ readonly items: readonly RawObject[] }>(path);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(["echo"]);
  }
});

it("tells the address of the Service that the class names", async () => {
  const service = await createAddressService();
  await waitFor("the Gateway's address", async () => (await addressOf(bed, "edge/own")) === service.spec.clusterIP);
  const programmed = conditionOf(await readObject(bed, "Gateway edge/own"), "Programmed");
  expect(programmed).not.toMatchObject({ status: "True" });
});

it("writes certificate and bootstrap with `gatehouse bootstrap`, with which the user's Envoy serves", async () => {
  const credentials = join(scenario.folder, "credentials");
  const { code, stdout, stderr } = await bootstrap("edge/own", credentials);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(readFileSync(join(credentials, "tls.crt"), "utf8")).toContain("BEGIN CERTIFICATE");
  expect(statSync(join(credentials, "tls.key")).mode & 0o077).toBe(0);
  const file = join(scenario.folder, "envoy.yaml");
  writeFileSync(file, stdout);
  const envoy = join(checkout, ".tools/envoy/envoy");
  // Ends with the bed.
  void bed.run([envoy, "--config-path", file, "--disable-hot-restart", "--concurrency", "1"], { timeoutSeconds: 600 });
  await waitFor("the Gateway to be programmed", async () => {
    return conditionOf(await readObject(bed, "Gateway edge/own"), "Programmed")?.status === "True";
  });
  const address = (await addressOf(bed, "edge/own")) ?? "";
  await waitFor("an answer of the backend", async () => {
    const [answer] = await ask(bed, [{ scheme: "http", address, port: 80, host: "edge.example.com", path: "/" }]);
    return answer !== undefined && backendOf(answer) === "edge/echo";
  });
});

it("says so when there is no such Gateway", async () => {
  const { code, stdout, stderr } = await bootstrap("edge/another", join(scenario.folder, "none"));
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^error: .*is there a Gateway another of ours\?$/m);
});

interface ClusterService extends RawObject {
  readonly spec: { readonly clusterIP: string };
}

/** A Service that leads to the node, where the user's Envoy is to run. */
async function createAddressService(): Promise<ClusterService> {
  const labels = { "kubernetes.io/service-name": "envoy" };
  await bed.api.create("/apis/discovery.k8s.io/v1/namespaces/edge/endpointslices", {
    metadata: { name: "envoy", labels },
    addressType: "IPv4",
    endpoints: [{ addresses: [bedNetwork.nodeAddress], conditions: { ready: true } }],
    ports: [{ name: "http", port: boundPort }],
  });
  const spec = { ports: [{ name: "http", port: 80, targetPort: boundPort }] };
  return bed.api.create("/api/v1/namespaces/edge/services", { metadata: { name: "envoy" }, spec });
}

async function bootstrap(gateway: string, credentials: string): Promise<RunResult> {
  const path = `/api/v1/namespaces/${gatehouse.namespace}/services/gatehouse-xds`;
  const { spec } = await bed.api.get<ClusterService>(path);
  return bed.run([
    ...[process.execPath, join(checkout, "src/main.ts"), "bootstrap", "--gateway", gateway],
    ...["--credentials", credentials, "--xds-address", `${spec.clusterIP}:18000`],
    ...["--xds-server-name", `gatehouse-xds.${gatehouse.namespace}.svc`],
  ]);
}
