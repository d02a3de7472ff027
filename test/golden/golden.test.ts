import { writeFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { type ClusterInputs, translateManifests } from "../../src/app/translate-manifests.ts";
import type { NamespacedName } from "../../src/core/keys.ts";
import type { PipelineOptions } from "../../src/translate/pipeline.ts";
import { type GoldenCase, readGoldenCases, renderCase, renderOutput } from "./golden-file.ts";
import { type LiveGateway, startBackends, startLiveGateway } from "./live-gateway.ts";
import { checkRequest } from "./requests.ts";

/**
 * Each file beside this one is manifests, perhaps what a cluster says behind `# Cluster`, and, behind `# Output`, what they are translated to. `UPDATE_GOLDEN=1` writes that
 * part anew: read the difference before it is kept. `GOLDEN_TEST=<case>` runs one. A real proxy has to take every output,
 * and answers what stands behind `# Requests`.
 */
const update = process.env["UPDATE_GOLDEN"] === "1";
const controllerName = "gatehouse.dev/gateway-controller";
const cases = readGoldenCases();

vi.setConfig({ maxConcurrency: 3, testTimeout: 60_000 });

it("finds cases", () => {
  expect(cases.length).toBeGreaterThan(0);
});

describe.concurrent("the translation of", () => {
  it.for(cases.map((golden) => [golden.name, golden] as const))("%s", async ([, golden]) => {
    const translation = translateManifests(golden.manifests, optionsOf(golden), clusterOf(golden));
    const output = renderOutput(translation, golden);
    if (update) writeFileSync(golden.path, renderCase(golden, output));
    else expect(output).toBe(golden.output);
    await runLive(golden, translation.gateways);
  });
});

function optionsOf({ cluster }: GoldenCase): PipelineOptions {
  const kind = cluster === undefined ? "standalone" : "cluster";
  return { controllerName, placement: { kind, bindAddresses: ["0.0.0.0"] } };
}

function clusterOf({ cluster }: GoldenCase): ClusterInputs {
  const { facts, fleets = {} } = cluster ?? {};
  // The names of Gateways are written as keys.
  const byGateway = Object.entries(fleets).map(([name, state]) => [name as NamespacedName, state] as const);
  return { ...(facts && { facts }), fleets: new Map(byGateway) };
}

async function runLive(golden: GoldenCase, gateways: ReturnType<typeof translateManifests>["gateways"]): Promise<void> {
  const backends = await startBackends(golden.manifests);
  const live: LiveGateway[] = [];
  try {
    for (const { gateway } of gateways) {
      live.push(await startLiveGateway(gateway, golden.manifests, { ...optionsOf(golden), backends }));
    }
    for (const request of golden.requests) await checkRequest(live, request);
  } finally {
    await Promise.all(live.map((gateway) => gateway.stop()));
    await Promise.all([...backends.values()].map((backend) => backend.stop()));
  }
}
