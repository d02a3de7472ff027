import type { Access } from "../admin/api/access.ts";
import type { Caller } from "../admin/api/caller.ts";
import type { ConvergenceNameQuestion, RouteNameQuestion } from "../admin/api/read-question.ts";
import type { TenantAnswer, TenantApi } from "../admin/api/tenant-api.ts";
import type { Explainer } from "../admin/explainer.ts";
import type { ObjectName, RequestQuestion } from "../core/explanation.ts";
import type { HistoryQuestion, HistoryReport } from "../core/history.ts";
import { routeKinds } from "../core/keys.ts";
import { namedObjects } from "./hide-objects.ts";
import { redactConvergence } from "./redact-convergence.ts";
import { redactRequest, redactRoute } from "./redact-explanation.ts";
import { redactHistory } from "./redact-history.ts";
import { visibleAmong } from "./visible-objects.ts";

/** What is known, in full: the answers for somebody who may see everything. */
export interface Knowledge extends Explainer {
  ready(): boolean;
  /** Who has served a hostname, a path of it or a port; absent where nothing is remembered. */
  readonly history?: (question: HistoryQuestion) => HistoryReport;
}

export interface TenantQuestionsOptions {
  readonly knowledge: Knowledge;
  readonly access: Access;
  /** Milliseconds. */
  readonly now: () => number;
}

/** A review costs the API server about as much as it would cost us to answer this long. */
const reviewMs = 2;
/** What the other replicas do for a question that they are asked too. */
const askingMs = 3;

/** Answers each caller what they may know: own objects in full, of others that they are there and what decided. */
export class TenantQuestions implements TenantApi {
  readonly #options: TenantQuestionsOptions;

  constructor(options: TenantQuestionsOptions) {
    this.#options = options;
  }

  ready(): boolean {
    return this.#options.knowledge.ready();
  }

  async explainRequest(caller: Caller, question: RequestQuestion): Promise<TenantAnswer> {
    const { answer, costMs } = this.#measure((knowledge) => knowledge.explainRequest(question));
    return this.#show(caller, { answer, costMs, redact: redactRequest });
  }

  async explainRoute(caller: Caller, route: RouteNameQuestion): Promise<TenantAnswer> {
    const { kind, namespace, name } = route;
    // The same words whether or not there is such a route.
    const message = `${caller.user} may not get the ${kind} ${namespace}/${name}`;
    if (!(await this.#options.access.mayGet(caller, kind, route))) return { kind: "refused", status: 403, message };
    const asked = await this.#ask((knowledge) => knowledge.explainRoute(route));
    return this.#show(caller, { ...asked, redact: redactRoute });
  }

  async convergence(caller: Caller, object: ConvergenceNameQuestion): Promise<TenantAnswer> {
    const { kind, namespace, name } = object;
    // The same words whether or not there is such an object.
    const message = `${caller.user} may not get the ${kind} ${namespace}/${name}`;
    if (!(await this.#options.access.mayGet(caller, kind, object))) return { kind: "refused", status: 403, message };
    const asked = await this.#ask((knowledge) => knowledge.convergence(object));
    return this.#show(caller, { ...asked, redact: redactConvergence });
  }

  async history(caller: Caller, question: HistoryQuestion): Promise<TenantAnswer> {
    const { history } = this.#options.knowledge;
    if (history === undefined) return { kind: "refused", status: 404, message: "no history is kept here" };
    const { answer, costMs } = this.#measure(() => history(question));
    return this.#show(caller, { answer, costMs, redact: redactHistory });
  }

  async #show<T>(
    caller: Caller,
    {
      answer,
      costMs,
      redact,
    }: {
      readonly answer: T;
      readonly costMs: number;
      readonly redact: (answer: T, sees: (object: ObjectName) => boolean) => T;
    },
  ): Promise<TenantAnswer> {
    const objects = namedObjects(answer);
    const { sees, reviews } = await visibleAmong(this.#options.access, caller, objects);
    const isWhole = objects.every(sees) && (await this.#isPlatform(caller));
    return { kind: "answer", body: isWhole ? answer : redact(answer, sees), costMs: costMs + reviews * reviewMs };
  }

  /** Whoever may list every route of every kind is shown what concerns no object that could be asked about. */
  async #isPlatform(caller: Caller): Promise<boolean> {
    const answers = await Promise.all(
      routeKinds.map((kind) => this.#options.access.may(caller, { verb: "list", kind })),
    );
    return answers.every((may) => may);
  }

  /** What other replicas are asked about is worked out twice: to ask, and with their answers. Waiting costs nothing. */
  async #ask<T>(work: (knowledge: Knowledge) => Promise<T>): Promise<{ readonly answer: T; readonly costMs: number }> {
    const { answer, costMs } = this.#measure(work);
    return { answer: await answer, costMs: 2 * costMs + askingMs };
  }

  #measure<T>(work: (knowledge: Knowledge) => T): { readonly answer: T; readonly costMs: number } {
    const { knowledge, now } = this.#options;
    const started = now();
    const answer = work(knowledge);
    return { answer, costMs: now() - started };
  }
}
