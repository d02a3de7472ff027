import { type AdmissionRequest, readAdmissionReview, silentYes, writeAdmissionReview } from "./admission-review.ts";
import type { ReviewResult } from "./review-object.ts";

/** How a request ended; `failed` is a fault of ours, which lets the object pass. */
export type AdmissionOutcome = ReviewResult["outcome"] | "failed";

export interface AdmissionLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface AnswerOptions {
  readonly review: (request: AdmissionRequest) => Promise<ReviewResult>;
  readonly onOutcome: (outcome: AdmissionOutcome) => void;
  readonly log: AdmissionLog;
}

/** Answers one AdmissionReview with the AdmissionReview that goes back; undefined where the body is none. */
export async function answerReview(body: unknown, options: AnswerOptions): Promise<object | undefined> {
  const request = readAdmissionReview(body);
  if (request === undefined) return undefined;
  const { answer, outcome } = await reviewOrPass(request, options);
  options.onOutcome(outcome);
  return writeAdmissionReview(request.uid, answer);
}

/** Binding decides; what goes wrong here must not keep anybody from their work. */
async function reviewOrPass(
  request: AdmissionRequest,
  { review, log }: AnswerOptions,
): Promise<Pick<ReviewResult, "answer"> & { readonly outcome: AdmissionOutcome }> {
  try {
    return await review(request);
  } catch (error) {
    const { namespace, name } = request.object?.metadata ?? {};
    log.error({ err: error, kind: request.kind, namespace, name }, "an object could not be reviewed, and passes");
    return { outcome: "failed", answer: silentYes };
  }
}
