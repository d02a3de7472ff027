import { setTimeout as sleep } from "node:timers/promises";
import { compareAnswer, compareTouched, type Line } from "./compare.ts";
import { diffFolders, type FileDiff } from "./diff.ts";
import { reviewsOf } from "./kubectl-apply.ts";
import { ask, observe, runCommands, send } from "./observe.ts";
import { boundPort } from "./request.ts";
import type { Action, Article, DemoRequest, FileAction, Step } from "./step.ts";
import { Traffic } from "./traffic.ts";
import type { ProposedFile } from "./workspace.ts";
import type { World } from "./world.ts";

/** How one step came out. */
export interface StepResult {
  readonly step: Step;
  /** Where the request really went, `host:port`. */
  readonly target?: string;
  readonly diff: readonly FileDiff[];
  /** What `kubectl apply` was asked to do besides, and which the webhook was asked about. */
  readonly proposed: readonly FileDiff[];
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
  const background = new Background(world);
  try {
    for (const step of article.steps) {
      const result = await runStep({ world, article, background }, { ...options, step });
      if (options.signal?.aborted === true) break;
      options.onStep?.(result);
      results.push(result);
    }
  } finally {
    await background.stop();
  }
  return results;
}

/** The traffic that goes on from step to step, when there is some. */
class Background {
  readonly #world: World;
  #traffic: Traffic | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  async act(action: Exclude<Action, FileAction | { readonly kind: "proxy" }>): Promise<void> {
    await this.stop();
    if (action.kind === "quiet") return;
    const { request, backend } = action;
    this.#traffic = new Traffic({
      backend,
      send: () => send(this.#world, request, "meanwhile"),
    });
  }

  lines(): readonly Line[] {
    return this.#traffic === undefined ? [] : [this.#traffic.line()];
  }

  /** Whether no answer has come back yet. One that is wrong stays so: nobody waits for that. */
  get isSilent(): boolean {
    return this.#traffic?.isSilent ?? false;
  }

  async stop(): Promise<void> {
    await this.#traffic?.stop();
    this.#traffic = undefined;
  }
}

/** Where a step takes place. */
interface Stage {
  readonly world: World;
  readonly article: Article;
  readonly background: Background;
}

interface StepRun extends RunOptions {
  readonly step: Step;
}

async function runStep(stage: Stage, run: StepRun): Promise<StepResult> {
  const { step } = run;
  const { workspace } = stage.world;
  const { folder } = stage.article;
  const before = workspace.snapshot(folder);
  const acted = await act(stage, step).catch((error: unknown) => failedLine(error));
  const diff = diffFolders(before, workspace.snapshot(folder));
  const failure = "label" in acted ? [acted] : [];
  const proposed = "label" in acted ? [] : acted.proposed;
  const touched = compareTouched(
    step.expect.touched,
    diff.map(({ path }) => path),
  );
  const patient = failure.length === 0 ? run : { ...run, patienceMs: 0 };
  const lines = [...failure, ...touched, ...(await observeUntilExpected(stage, patient, proposed))];
  return {
    step,
    diff,
    proposed: diffFolders(
      new Map(proposed.flatMap(({ path, before: text }) => (text === undefined ? [] : [[path, text]]))),
      new Map(proposed.map(({ path, after }) => [path, after])),
    ),
    lines,
    passed: lines.length > 0 && lines.every(({ agrees }) => agrees),
    ...(step.request !== undefined && { target: targetOf(stage.world, step.request) }),
  };
}

interface Acted {
  /** What `kubectl apply` is asked to do. */
  readonly proposed: readonly ProposedFile[];
}

async function act({ world, article, background }: Stage, { do: actions = [], apply }: Step): Promise<Acted> {
  const edits = actions.filter((action): action is FileAction => "file" in action);
  world.workspace.apply(article.folder, edits);
  for (const action of actions) {
    if (action.kind === "proxy") await world.startProxy(action.gateway);
    if (action.kind === "traffic" || action.kind === "quiet") await background.act(action);
  }
  return { proposed: apply === undefined ? [] : world.workspace.propose(article.folder, apply.changes) };
}

function failedLine(error: unknown): Line {
  const message = error instanceof Error ? error.message : String(error);
  return { label: "step", expected: "done", real: message, agrees: false };
}

/** Configuration takes a moment to arrive: asks until all is as expected, or gives the last difference. */
async function observeUntilExpected(
  { world, background }: Stage,
  { step, patienceMs, signal }: StepRun,
  proposed: readonly ProposedFile[],
): Promise<readonly Line[]> {
  const reviews = step.apply === undefined ? [] : reviewsOf(proposed, step.apply.as);
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const lines = await observe(world, { step, reviews });
    const isLate = Date.now() >= deadline || signal?.aborted === true;
    if (isLate || (!background.isSilent && lines.every(({ agrees }) => agrees))) {
      const asked = isLate ? lines : await keepAsking(world, step, lines);
      return [...asked, ...(await runCommands(world, step)), ...background.lines()];
    }
    await sleep(pauseMs);
  }
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

function targetOf(world: World, { gateway, port }: DemoRequest): string {
  return `${world.workspace.gatewayAddress(gateway) ?? "nowhere"}:${boundPort(port)}`;
}
