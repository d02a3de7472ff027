import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { parseServedBy } from "./access-log.ts";
import { compareAnswer, compareCondition, compareTable, compareTouched, type Line, type Served } from "./compare.ts";
import { diffFolders, type FileDiff } from "./diff.ts";
import { boundPort, sendRequest } from "./request.ts";
import type { Article, DemoRequest, Step } from "./step.ts";
import type { FileAction } from "./workspace.ts";
import type { World } from "./world.ts";

/** How one step came out. */
export interface StepResult {
  readonly step: Step;
  /** Where the request really went, `host:port`. */
  readonly target?: string;
  readonly diff: readonly FileDiff[];
  readonly lines: readonly Line[];
  readonly passed: boolean;
}

export interface RunOptions {
  /** How long a step may take until everything is as expected. */
  readonly patienceMs: number;
  /** Told after each step. */
  readonly onStep?: (result: StepResult) => void;
  /** Ends the walk as soon as possible. */
  readonly signal?: AbortSignal;
}

const pauseMs = 30;

/** Walks through the steps of one article, in order. A step that fails does not keep the next from being tried. */
export async function runArticle(world: World, article: Article, options: RunOptions): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (const step of article.steps) {
    const result = await runStep(world, article, { ...options, step });
    if (options.signal?.aborted === true) break;
    options.onStep?.(result);
    results.push(result);
  }
  return results;
}

interface StepRun extends RunOptions {
  readonly step: Step;
}

async function runStep(world: World, article: Article, run: StepRun): Promise<StepResult> {
  const { step } = run;
  const before = world.workspace.snapshot(article.folder);
  const failure = await act(world, article, step).catch((error: unknown) => failedLine(error));
  const diff = diffFolders(before, world.workspace.snapshot(article.folder));
  const fixed = [
    ...(failure === undefined ? [] : [failure]),
    ...compareTouched(
      step.expect.touched,
      diff.map(({ path }) => path),
    ),
  ];
  const observed = await observeUntilExpected(world, failure === undefined ? run : { ...run, patienceMs: 0 });
  const lines = [...fixed, ...observed];
  const target = step.request === undefined ? {} : { target: targetOf(world, step.request) };
  return { step, ...target, diff, lines, passed: lines.length > 0 && lines.every(({ agrees }) => agrees) };
}

async function act(world: World, article: Article, { do: actions = [] }: Step): Promise<undefined> {
  const edits = actions.filter((action): action is FileAction => action.kind !== "proxy");
  world.workspace.apply(article.folder, edits);
  for (const action of actions) if (action.kind === "proxy") await world.startProxy(action.gateway);
}

function failedLine(error: unknown): Line {
  const message = error instanceof Error ? error.message : String(error);
  return { label: "step", expected: "done", real: message, agrees: false };
}

/** Configuration takes a moment to arrive: asks until all is as expected, or gives the last difference. */
async function observeUntilExpected(world: World, { step, patienceMs, signal }: StepRun): Promise<readonly Line[]> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const lines = await observe(world, step);
    if (lines.every(({ agrees }) => agrees)) return keepAsking(world, step, lines);
    if (Date.now() >= deadline || signal?.aborted === true) return lines;
    await sleep(pauseMs);
  }
}

/** Conditions are asked first: they tell that the edit was read, so that the answers after it belong to it. */
async function observe(world: World, step: Step): Promise<readonly Line[]> {
  const { conditions = [], table = [], answer } = step.expect;
  const lines: Line[] = [];
  if (conditions.length > 0) {
    const statuses = await world.controlPlane.statuses();
    lines.push(...conditions.map((condition) => compareCondition(condition, statuses)));
  }
  for (const line of table) {
    const printed = await world.controlPlane.statusTable(line.args).catch((error: unknown) => String(error));
    lines.push(compareTable(line, printed));
  }
  if (step.request === undefined || answer === undefined) return lines;
  return [...compareAnswer(answer, await ask(world, step.request)), ...lines];
}

/** Where nothing may move, one good answer proves little. */
async function keepAsking(world: World, step: Step, lines: readonly Line[]): Promise<readonly Line[]> {
  const { answer } = step.expect;
  if (step.request === undefined || answer?.times === undefined) return lines;
  for (let time = 1; time < answer.times; time += 1) {
    await sleep(pauseMs);
    const again = compareAnswer(answer, await ask(world, step.request));
    if (!again.every(({ agrees }) => agrees)) return [...again, ...lines];
  }
  return [...lines, { label: "asked", expected: `${answer.times} times`, real: `${answer.times} times`, agrees: true }];
}

async function ask(world: World, request: DemoRequest): Promise<Served> {
  const proxy = world.proxies.get(request.gateway);
  const token = `demo=${randomUUID()}`;
  const address = world.workspace.gatewayAddress(request.gateway);
  if (address === undefined) return { answer: { kind: "failed", message: `no manifest of ${request.gateway}` } };
  const target = { address, port: boundPort(request.port), authorities: world.authorities, token };
  const answer = await sendRequest(request, target);
  if (answer.kind === "failed") return { answer };
  const line = await proxy?.accessLogLine(token);
  if (line === undefined) return { answer };
  const servedBy = parseServedBy(line);
  return { answer, log: servedBy === undefined ? { kind: "no route" } : { kind: "route", servedBy } };
}

function targetOf(world: World, { gateway, port }: DemoRequest): string {
  return `${world.workspace.gatewayAddress(gateway) ?? "nowhere"}:${boundPort(port)}`;
}
