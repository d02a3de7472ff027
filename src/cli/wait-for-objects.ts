import type { ConvergenceReport, ConvergingKind } from "../core/convergence.ts";

/** An object that is waited for. */
export interface AwaitedObject {
  readonly kind: ConvergingKind;
  readonly namespace: string;
  readonly name: string;
}

/** How waiting for an object has ended. */
export interface Awaited {
  readonly object: AwaitedObject;
  readonly outcome: "converged" | "pending" | "never" | "unanswered";
  /** What is so, or why there is nothing to tell. */
  readonly message: string;
  /** The last answer. */
  readonly report?: ConvergenceReport;
}

export interface WaitParts {
  readonly ask: (object: AwaitedObject) => Promise<ConvergenceReport | Error>;
  readonly timeoutMs: number;
  /** The generation that is wanted at least; the present one without it. */
  readonly generation?: number;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Milliseconds. */
  readonly now: () => number;
  /** Told in words, once each, why there is no answer. */
  readonly onProblem: (message: string) => void;
}

/** Between questions about one object, and about any: a caller has an allowance of five questions a second. */
const roundMs = 1_000;
const questionMs = 250;

/**
 * For so long a refusal has to stand before it counts: the replica that is asked may have read a route and not yet its Gateway,
 * or an object as it was before it was mended.
 */
const sureMs = 2_000;

/** Asks again and again until every object has arrived, one of them never will, or time is up. */
export async function waitForObjects(objects: readonly AwaitedObject[], parts: WaitParts): Promise<readonly Awaited[]> {
  const ends = parts.now() + parts.timeoutMs;
  const waits = objects.map((object) => new Wait(object, parts));
  for (;;) {
    const open = waits.filter((wait) => wait.isOpen);
    for (const [index, wait] of open.entries()) {
      if (index > 0) await parts.pause(questionMs);
      await wait.ask();
    }
    const isOver = waits.every(({ isOpen }) => !isOpen) || waits.some(({ result }) => result.outcome === "never");
    const left = ends - parts.now();
    if (isOver) return waits.map(({ result }) => result);
    if (left <= 0) return waits.map((wait) => wait.last());
    await parts.pause(Math.min(roundMs, left));
  }
}

/** The wait for one object. */
class Wait {
  readonly #parts: WaitParts;
  readonly #problems = new Set<string>();
  /** Since when every answer has said that it will not happen. */
  #hopelessSince: number | undefined;
  result: Awaited;

  constructor(object: AwaitedObject, parts: WaitParts) {
    this.#parts = parts;
    this.result = { object, outcome: "unanswered", message: "nobody was asked" };
  }

  get isOpen(): boolean {
    return this.result.outcome === "pending" || this.result.outcome === "unanswered";
  }

  async ask(): Promise<void> {
    const { object } = this.result;
    const answer = await this.#parts.ask(object);
    if (answer instanceof Error) this.#unanswered(answer.message);
    else this.result = { object, report: answer, ...this.#judge(answer) };
  }

  /** What is told when there is no time to be surer. */
  last(): Awaited {
    const { outcome } = this.result;
    return this.#hopelessSince === undefined || outcome !== "pending"
      ? this.result
      : { ...this.result, outcome: "never" };
  }

  #unanswered(message: string): void {
    if (!this.#problems.has(message)) this.#parts.onProblem(message);
    this.#problems.add(message);
    this.#hopelessSince = undefined;
    // What was answered before is worth more than that nobody answers now.
    if (this.result.report === undefined) this.result = { object: this.result.object, outcome: "unanswered", message };
  }

  #judge({ state, message, generation = 0 }: ConvergenceReport): Pick<Awaited, "outcome" | "message"> {
    const { generation: wanted = 0, now } = this.#parts;
    if (generation > 0 && generation < wanted) {
      this.#hopelessSince = undefined;
      return { outcome: "pending", message: `generation ${wanted} is not there: the newest is ${generation}` };
    }
    if (state !== "never") {
      this.#hopelessSince = undefined;
      return { outcome: state, message };
    }
    this.#hopelessSince ??= now();
    return { outcome: now() - this.#hopelessSince >= sureMs ? "never" : "pending", message };
  }
}
