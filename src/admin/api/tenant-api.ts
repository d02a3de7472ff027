import type { RequestQuestion } from "../../core/explanation.ts";
import type { HistoryQuestion } from "../../core/history.ts";
import type { Caller } from "./caller.ts";
import type { ConvergenceNameQuestion, RouteNameQuestion } from "./read-question.ts";

/** What a caller is told. */
export type TenantAnswer =
  | {
      readonly kind: "answer";
      /** Goes out as JSON. Nothing in it names what the caller may not see. */
      readonly body: unknown;
      /** Milliseconds of the processor that it took. */
      readonly costMs: number;
    }
  | { readonly kind: "refused"; readonly status: 403 | 404; readonly message: string };

/** What is behind the endpoint: every question comes with who asks. */
export interface TenantApi {
  /** Whether everything is read and translated; nothing is answered before. */
  ready(): boolean;
  explainRequest(caller: Caller, question: RequestQuestion): Promise<TenantAnswer>;
  explainRoute(caller: Caller, route: RouteNameQuestion): Promise<TenantAnswer>;
  convergence(caller: Caller, object: ConvergenceNameQuestion): Promise<TenantAnswer>;
  history(caller: Caller, question: HistoryQuestion): Promise<TenantAnswer>;
}
