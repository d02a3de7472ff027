import { isIP } from "node:net";
import { type FastifyInstance, fastify } from "fastify";
import type { AnswerOptions } from "./answer-review.ts";
import { addReviewEndpoint, reviewServerOptions } from "./review-endpoint.ts";

/**
 * Answers `POST /validate` in plain HTTP, for those on this machine. Whoever can reach it can also say to be anybody, so it
 * belongs on loopback only; a Host header with a name is refused, because DNS rebinding needs one.
 */
export function createLoopbackServer(options: AnswerOptions): FastifyInstance {
  const server = fastify(reviewServerOptions);
  server.addHook("onRequest", async (request, reply) => {
    if (isIP(hostOf(request.headers.host)) !== 0) return undefined;
    return reply.code(403).send({ error: "this Host header is not served here: use the address itself" });
  });
  addReviewEndpoint(server, { path: "/validate" }, options);
  return server;
}

function hostOf(header = ""): string {
  return header.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}
