import { writeFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { translateManifests } from "../../src/app/translate-manifests.ts";
import { type GoldenCase, readGoldenCases, renderCase, renderOutput } from "./golden-file.ts";
import { type LiveGateway, startBackends, startLiveGateway } from "./live-gateway.ts";
import { checkRequest } from "./requests.ts";

/**
 * Each file beside this one is manifests and, behind `# Output`, what they are translated to. `UPDATE_GOLDEN=1` writes that
 * part anew: read the difference before it is kept. `GOLDEN_TEST=<case>` runs one. A real proxy has to take every output,
 * and answers what stands behind `# Requests`.
 */
const update = process.env["UPDATE_GOLDEN"] === "1";
const options = { controllerName: "gatehouse.dev/gateway-controller", bindAddresses: ["0.0.0.0"] };
const cases = readGoldenCases();

vi.setConfig({ maxConcurrency: 3, testTimeout: 60_000 });

it("finds cases", () => {
  expect(cases.length).toBeGreaterThan(0);
});

describe.concurrent("the translation of", () => {
  it.for(cases.map((golden) => [golden.name, golden] as const))("%s", async ([, golden]) => {
    const translation = translateManifests(golden.manifests, options);
    const output = renderOutput(translation);
    if (update) writeFileSync(golden.path, renderCase(golden, output));
    else expect(output).toBe(golden.output);
    await runLive(golden, translation.gateways);
  });
});

async function runLive(golden: GoldenCase, gateways: ReturnType<typeof translateManifests>["gateways"]): Promise<void> {
  const backends = await startBackends(golden.manifests);
  const live: LiveGateway[] = [];
  try {
    for (const { gateway } of gateways) {
      live.push(
        await startLiveGateway(gateway, golden.manifests, { controllerName: options.controllerName, backends }),
      );
    }
    for (const request of golden.requests) await checkRequest(live, request);
  } finally {
    await Promise.all(live.map((gateway) => gateway.stop()));
    await Promise.all([...backends.values()].map((backend) => backend.stop()));
  }
}
