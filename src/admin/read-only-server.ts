import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import type { Logger } from "../logger.ts";

/** Decides by a request's Host header whether it is answered. */
export type HostCheck = (host: string | undefined) => boolean;

export interface ReadOnlyServerOptions {
  readonly isAllowedHost: HostCheck;
  /** Paths that are asked by POST: their answer depends on a body, and changes nothing. */
  readonly questions?: readonly string[];
  readonly logger: Logger;
}

/**
 * Makes an HTTP server that only tells and never does: GET and HEAD, POST for questions, no cookies, no CORS, nothing that a page of somebody
 * else's could embed or read.
 */
export function createReadOnlyServer({
  isAllowedHost,
  questions = [],
  logger,
}: ReadOnlyServerOptions): FastifyInstance {
  const server = fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: 1024,
    requestTimeout: 10_000,
    connectionTimeout: 60_000,
    // A path that is no URL is refused before any hook runs.
    frameworkErrors: (_error, _request, reply) => {
      reply.headers(securityHeaders);
      sendError(reply, 400, "this path is not a URL's");
    },
  });
  server.addHook("onRequest", async (request, reply) => {
    reply.headers(securityHeaders);
    if (!isAllowedHost(request.headers.host)) {
      return sendError(reply, 403, "this Host header is not served here: use the address itself");
    }
    const isQuestion = request.method === "POST" && questions.includes(request.url);
    if (request.method !== "GET" && request.method !== "HEAD" && !isQuestion) {
      reply.header("allow", "GET, HEAD");
      return sendError(reply, 405, "only GET and HEAD: nothing can be changed here");
    }
    return undefined;
  });
  server.setNotFoundHandler((_request, reply) => sendError(reply, 404, "there is nothing under this path"));
  server.setErrorHandler((error: Error & { readonly statusCode?: number }, request, reply) => {
    const { statusCode = 500 } = error;
    if (statusCode >= 400 && statusCode < 500) return sendError(reply, statusCode, error.message);
    logger.error({ err: error, path: request.url }, "a page failed");
    return sendError(reply, 500, "this page failed: see the log");
  });
  return server;
}

/** Opens the server's port and tells where it really is. */
export async function listenOn(
  server: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<{ readonly host: string; readonly port: number }> {
  await server.listen({ host, port });
  return { host, port: portOf(server) ?? port };
}

/** The port that a server listens on; undefined before and after. */
export function portOf(server: FastifyInstance): number | undefined {
  const address = server.server.address();
  return typeof address === "object" && address !== null ? address.port : undefined;
}

/** Answers with JSON laid out for people. */
export function sendJson(reply: FastifyReply, body: unknown): FastifyReply {
  return reply.type("application/json; charset=utf-8").send(`${JSON.stringify(body, undefined, 2)}\n`);
}

/** Answers with a status other than 200 and one sentence. */
export function sendError(reply: FastifyReply, status: number, error: string): FastifyReply {
  return sendJson(reply.code(status), { error });
}

const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const;
