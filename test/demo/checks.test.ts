import { describe, expect, it } from "vitest";
import { files } from "../../demo/articles/techresolve/cast.ts";
import { techresolve } from "../../demo/articles/techresolve.ts";
import { chapters as articles } from "../../demo/articles.ts";
import { runArticle } from "../../demo/engine.ts";
import type { Action, Article } from "../../demo/step.ts";
import { startWorld, type WorldOptions } from "../../demo/world.ts";
import { repository } from "./run.ts";

type Outcomes = Readonly<Record<string, readonly boolean[]>>;

// The articles share nothing, so each can miss a manifest of its own in one run.
describe("the demo's checks notice", () => {
  it("a control plane that has stopped: every single one fails", async () => {
    const outcomes = await runAll({ controlPlane: "stopped" }, 300);
    expect(outcomes).toEqual(allOf(false));
  }, 150_000);

  it("a GatewayClass that is left out: every single one fails", async () => {
    const without = articles.map(({ folder }) => `${folder}/infrastructure-provider/gatewayclass.yaml`);
    expect(await runAll({ without }, 300)).toEqual(allOf(false));
  }, 150_000);

  it("a Gateway that is left out: every single one that speaks of it fails", async () => {
    const without = articles.map(({ folder }) => `${folder}/cluster-operator/gateway.yaml`);
    expect(await runAll({ without }, 2000)).toEqual({
      ...allOf(false),
      // These ask the dedicated Gateways.
      kgateway: [false, false, false, true, true, false],
      techresolve: allBut(techresolve, range(1, 18)),
    });
  }, 180_000);

  it("a route or a backend that is left out: exactly those that need it fail", async () => {
    const without = [
      "kgateway/app-developer/httpbin/route.yaml",
      "cilium/app-developer/hr/route.yaml",
      "techresolve/app-developer/marketing/backend.yaml",
      "tetrate/app-developer/team2/backend.yaml",
      "overview/app-developer/backend/backend.yaml",
      "route-kinds/app-developer/shop/tcp-route.yaml",
    ];
    expect(await runAll({ without }, 3000)).toEqual({
      kgateway: [false, false, false, true, true, false],
      cilium: [true, true, false],
      // What marketing answers: its own hostname, the hijack, and what is left to the old route.
      techresolve: allBut(techresolve, [2, 3, 12]),
      tetrate: [true, false, true],
      overview: [true, true, true, false, true, false, false, false],
      // Nobody had the port before marketing.
      "route-kinds": [true, true, false, true, true, true, false],
    });
  }, 180_000);
});

describe("the checks of ownership notice", () => {
  it("that it stays switched off: all of them fail, from where it should be on again", async () => {
    const lax = withoutActions(techresolve, (action) => action.kind === "edit" && isSwitch(action) && !action.value);
    // Once the background has met a wrong answer it stays wrong, until the last chapter, which is about another Gateway.
    expect(await runAll({ articles: [lax] }, 2000)).toEqual({ techresolve: allBut(techresolve, range(5, 18)) });
  }, 90_000);

  it("that billing was never there to be first", async () => {
    const without = ["techresolve/app-developer/prod-billing/route.yaml"];
    const { techresolve: passed = [] } = await runAll({ articles: [techresolve], without }, 500);
    const attack = range(5, 11);
    expect(attack.filter((number) => passed[number - 1])).toEqual([]);
  }, 90_000);

  it("one request of the background that another team has answered", async () => {
    const [first, second, hijack, notice] = techresolve.steps;
    const traffic = techresolve.steps.flatMap((step) => step.do ?? []).find(({ kind }) => kind === "traffic");
    if (!first || !second || !hijack || !notice || !traffic) throw new Error("the article has other steps");
    const steps = [first, { ...second, do: [...(second.do ?? []), traffic] }, hijack, notice];
    // The last of them asks for nothing that has changed hands.
    expect(await runAll({ articles: [{ ...techresolve, steps }] }, 6000)).toEqual({
      techresolve: [true, true, false, false],
    });
  }, 60_000);
});

type Options = Partial<Pick<WorldOptions, "without" | "controlPlane" | "articles">>;

async function runAll(options: Options, patienceMs: number): Promise<Outcomes> {
  const walked = options.articles ?? articles;
  const world = await startWorld({ repository, ...options, articles: walked });
  try {
    const runs = walked.map(async (article) => {
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

/** Every step passes but these, counted from 1. */
function allBut({ steps }: Article, failing: readonly number[]): readonly boolean[] {
  return steps.map((_, index) => !failing.includes(index + 1));
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Whether an edit is about ownership.mode. */
function isSwitch({ file, path }: Extract<Action, { readonly kind: "edit" }>): boolean {
  return file === files.parameters && path.at(-1) === "mode";
}

function withoutActions(article: Article, isLeftOut: (action: Action) => boolean): Article {
  const steps = article.steps.map((step) => ({ ...step, do: (step.do ?? []).filter((action) => !isLeftOut(action)) }));
  return { ...article, steps };
}
