import { createHash, timingSafeEqual } from "node:crypto";
import { type FastifyInstance, fastify } from "fastify";
import type { Drain } from "./drain.ts";

/** The header in which the kubelet shows that the pod's owner told it to drain. */
export const drainTokenHeader = "x-gatehouse-token";

/**
 * Makes the server that the kubelet calls before it stops Envoy. Every pod of the cluster reaches its port, so a drain wants
 * the token that stands in the pod's own spec.
 */
export function createAgentServer(drain: Drain, token: string): FastifyInstance {
  // A drain takes longer than any request should, so there is no time limit on it here: it has its own.
  const server = fastify({ logger: false, bodyLimit: 1024, forceCloseConnections: true });
  server.get("/healthz", (_request, reply) => reply.type("text/plain").send("ok\n"));
  server.route({
    method: ["GET", "POST"],
    url: "/drain",
    handler: async (request, reply) => {
      const shown = request.headers[drainTokenHeader];
      if (typeof shown !== "string" || !isSame(shown, token)) {
        return reply.code(403).type("text/plain").send("not allowed\n");
      }
      await drain.run();
      return reply.type("text/plain").send("drained\n");
    },
  });
  return server;
}

/** Takes the same time wherever the two differ. */
function isSame(shown: string, token: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(shown), digest(token));
}
