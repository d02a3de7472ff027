import type { FastifyInstance, FastifyRequest, RawServerBase, RouteShorthandOptions } from "fastify";
import { type AnswerOptions, answerReview } from "./answer-review.ts";

/** Two objects of the largest size that etcd takes by default. */
const mostBytes = 3 * 1024 * 1024;

/** What every server of reviews keeps to. */
export const reviewServerOptions = {
  logger: false,
  bodyLimit: mostBytes,
  requestTimeout: 5_000,
  forceCloseConnections: "idle",
} as const;

/** Where reviews are taken, and of whom. */
export interface ReviewEndpoint {
  readonly path: string;
  /** Whether somebody may send one; anybody unless told. Where not, there is nothing under the path. */
  readonly isKnown?: (request: Pick<FastifyRequest, "params">) => boolean;
}

/** Has a server answer reviews under a path, and everything else with an error that tells nothing. */
export function addReviewEndpoint<S extends RawServerBase>(
  server: FastifyInstance<S>,
  { path, isKnown = () => true }: ReviewEndpoint,
  options: AnswerOptions,
): void {
  const admission = {
    // Before the body is read: whoever is not known costs nothing.
    onRequest: async (request, reply) => (isKnown(request) ? undefined : reply.code(404).send()),
  } satisfies RouteShorthandOptions<S>;
  server.post(path, admission, async (request, reply) => {
    const answer = await answerReview(request.body, options);
    return answer ?? reply.code(400).send({ error: "this is no AdmissionReview" });
  });
  server.setNotFoundHandler((_request, reply) => reply.code(404).send());
  server.setErrorHandler((error: { readonly statusCode?: number }, _request, reply) => {
    const { statusCode = 500 } = error;
    if (statusCode >= 500) options.log.error({ err: error }, "the webhook failed");
    return reply.code(statusCode).send({ error: "the request cannot be read" });
  });
}
