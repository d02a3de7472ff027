import { describe, expect, it } from "vitest";
import { articles } from "../../demo/articles.ts";
import { runArticle } from "../../demo/engine.ts";
import { startWorld, type WorldOptions } from "../../demo/world.ts";
import { repository } from "./run.ts";

type Outcomes = Readonly<Record<string, readonly boolean[]>>;

// The articles share nothing, so each can miss a manifest of its own in one run.
describe("the demo's checks notice", () => {
  it("a control plane that has stopped: every single one fails", async () => {
    const outcomes = await runAll({ controlPlane: "stopped" }, 300);
    expect(outcomes).toEqual(allOf(false));
  }, 90_000);

  it("a GatewayClass that is left out: every single one fails", async () => {
    const without = articles.map(({ folder }) => `${folder}/infrastructure-provider/gatewayclass.yaml`);
    expect(await runAll({ without }, 1000)).toEqual(allOf(false));
  }, 90_000);

  it("a Gateway that is left out: every single one that speaks of it fails", async () => {
    const without = articles.map(({ folder }) => `${folder}/cluster-operator/gateway.yaml`);
    expect(await runAll({ without }, 2000)).toEqual({
      ...allOf(false),
      // These ask the dedicated Gateways.
      kgateway: [false, false, false, true, true, false],
      techresolve: [false, false, false, false, false, false, false, true, true],
    });
  }, 90_000);

  it("a route or a backend that is left out: exactly those that need it fail", async () => {
    const without = [
      "kgateway/app-developer/httpbin/route.yaml",
      "cilium/app-developer/hr/route.yaml",
      "techresolve/app-developer/marketing/backend.yaml",
      "tetrate/app-developer/team2/backend.yaml",
      "overview/app-developer/backend/backend.yaml",
    ];
    expect(await runAll({ without }, 3000)).toEqual({
      kgateway: [false, false, false, true, true, false],
      cilium: [true, true, false],
      techresolve: [true, true, false, false, true, true, true, true, true],
      tetrate: [true, false, true],
      overview: [true, true, true, false, true, false, false, false],
    });
  }, 120_000);
});

async function runAll(options: Pick<WorldOptions, "without" | "controlPlane">, patienceMs: number): Promise<Outcomes> {
  const world = await startWorld({ repository, articles, ...options });
  try {
    const runs = articles.map(async (article) => {
      const results = await runArticle(world, article, { patienceMs });
      return [article.folder, results.map(({ passed }) => passed)] as const;
    });
    return Object.fromEntries(await Promise.all(runs));
  } finally {
    await world.stop();
  }
}

function allOf(outcome: boolean): Outcomes {
  return Object.fromEntries(articles.map(({ folder, steps }) => [folder, steps.map(() => outcome)]));
}
