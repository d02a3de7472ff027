import type { Server as HttpsServer } from "node:https";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import type { TlsMaterialSource } from "../../core/tls-material.ts";
import type { Logger } from "../../logger.ts";
import type { ListenAddress } from "../../settings.ts";
import { Allowances } from "./allowances.ts";
import { allowanceKey, type Caller } from "./caller.ts";
import type { Identities } from "./identities.ts";
import {
  type Read,
  readConvergenceName,
  readHistoryQuestion,
  readRequestQuestion,
  readRouteName,
} from "./read-question.ts";
import type { TenantAnswer, TenantApi } from "./tenant-api.ts";

export interface TenantServerOptions {
  readonly api: TenantApi;
  readonly identities: Identities;
  /** The server's certificate; who connects shows none. */
  readonly material: TlsMaterialSource;
  readonly logger: Logger;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Where callers may put their token: the API server's proxy keeps `Authorization` for itself. */
export const tokenHeader = "x-gatehouse-token";

const questionBytes = 1024 * 1024;
/** The API server keeps a few open, and people one each. */
const mostConnections = 1_000;
/** An answer that took longer than this counts as several questions. */
const questionMs = 20;

/**
 * Makes the server that answers who has a Kubernetes identity: it says whose a token is, reads the question, and keeps
 * callers to their allowance. What they may see is decided behind it.
 */
export class TenantServer {
  readonly #options: TenantServerOptions;
  readonly #server: FastifyInstance<HttpsServer>;
  readonly #callers = new WeakMap<object, Caller>();
  readonly #asked: Allowances;
  /** Tokens that were nobody's, by address. */
  readonly #failed: Allowances;
  readonly #stopFollowing: () => void;

  constructor(options: TenantServerOptions) {
    this.#options = options;
    const { material, now } = options;
    this.#asked = new Allowances({ burst: 20, perSecond: 5, mostDebt: 300, most: 10_000, now });
    this.#failed = new Allowances({ burst: 100, perSecond: 20, mostDebt: 100, most: 10_000, now });
    this.#server = createServer(options);
    this.#server.server.maxConnections = mostConnections;
    this.#useMaterial();
    this.#stopFollowing = material.onChange(() => this.#useMaterial());
    this.#server.addHook("onRequest", (request, reply) => this.#admit(request, reply));
    this.#addQuestions();
  }

  /** Opens the port and tells where it really is. */
  async listen({ host, port }: ListenAddress): Promise<ListenAddress> {
    await this.#server.listen({ host, port });
    const address = this.#server.server.address();
    return { host, port: typeof address === "object" && address !== null ? address.port : port };
  }

  async close(): Promise<void> {
    this.#stopFollowing();
    await this.#server.close();
  }

  #addQuestions(): void {
    const { api } = this.#options;
    this.#server.get("/v1/whoami", (request, reply) => {
      const { user, groups } = this.#callerOf(request);
      return sendJson(reply, { user, groups });
    });
    this.#add("/v1/explain/request", readRequestQuestion, (caller, question) => api.explainRequest(caller, question));
    this.#add("/v1/explain/route", readRouteName, (caller, route) => api.explainRoute(caller, route));
    this.#add("/v1/convergence", readConvergenceName, (caller, object) => api.convergence(caller, object));
    this.#add("/v1/history", readHistoryQuestion, (caller, question) => api.history(caller, question));
  }

  #add<Q>(
    path: string,
    read: (body: unknown) => Read<Q>,
    answer: (caller: Caller, question: Q) => Promise<TenantAnswer>,
  ): void {
    this.#server.post(path, async (request, reply) => {
      if (!this.#options.api.ready()) return sendFailure(reply, 503, "not everything is read and translated yet");
      const question = read(request.body);
      if (question.kind === "wrong") return sendFailure(reply, 400, question.message);
      const caller = this.#callerOf(request);
      const answered = await answer(caller, question.value);
      this.#options.logger.debug({ user: caller.user, path, answered: answered.kind }, "a question was answered");
      const started = this.#options.now();
      const sent =
        answered.kind === "answer"
          ? sendJson(reply, answered.body)
          : sendFailure(reply, answered.status, answered.message);
      const workMs = answered.kind === "answer" ? answered.costMs : 0;
      const costMs = workMs + this.#options.now() - started;
      this.#asked.charge(allowanceKey(caller), Math.floor(costMs / questionMs));
      return sent;
    });
  }

  /** Before the body is read: a stranger's is not. */
  async #admit(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    reply.headers({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    const token = tokenOf(request);
    if (token === undefined)
      return sendFailure(reply, 401, "say who asks: a token in Authorization or X-Gatehouse-Token");
    const { identities } = this.#options;
    const stranger = request.socket.remoteAddress ?? "";
    const patience = identities.remembered(token) === undefined ? this.#failed.waitOf(stranger) : 0;
    if (patience > 0) return sendTooMany(reply, patience);
    const found = await identities.identify(token);
    if (found.kind === "unavailable") return sendFailure(reply, 503, found.message);
    if (found.kind === "unknown") {
      this.#failed.charge(stranger, 1);
      return sendFailure(reply, 401, "the API server does not know this token");
    }
    const wait = this.#asked.take(allowanceKey(found.caller));
    if (wait > 0) return sendTooMany(reply, wait);
    this.#callers.set(request, found.caller);
    return undefined;
  }

  #callerOf(request: FastifyRequest): Caller {
    const caller = this.#callers.get(request);
    if (caller === undefined) throw new Error("bug: nobody was admitted");
    return caller;
  }

  #useMaterial(): void {
    const { material, logger } = this.#options;
    const { cert, key } = material.current() ?? {};
    // Until there is a certificate every handshake fails.
    if (cert === undefined || key === undefined) return;
    try {
      this.#server.server.setSecureContext({ cert, key, minVersion: "TLSv1.2" });
    } catch (error) {
      logger.error({ err: error }, "the endpoint for tenants keeps the certificate that it had");
    }
  }
}

function createServer({ logger }: TenantServerOptions): FastifyInstance<HttpsServer> {
  const server = fastify({
    https: { minVersion: "TLSv1.2" },
    logger: false,
    forceCloseConnections: true,
    bodyLimit: questionBytes,
    requestTimeout: 20_000,
    connectionTimeout: 60_000,
    frameworkErrors: (_error, _request, reply) => {
      sendFailure(reply, 400, "this path is not a URL's");
    },
  });
  // Only JSON: a form of somebody's page cannot send it.
  server.removeContentTypeParser("text/plain");
  server.setNotFoundHandler((_request, reply) => sendFailure(reply, 404, "there is nothing under this path"));
  server.setErrorHandler((error: Error & { readonly statusCode?: number }, request, reply) => {
    const { statusCode = 500 } = error;
    if (statusCode >= 400 && statusCode < 500) return sendFailure(reply, statusCode, error.message);
    logger.error({ err: error, path: request.url }, "a question of a tenant could not be answered");
    return sendFailure(reply, 500, "this question could not be answered: see the log of the control plane");
  });
  return server;
}

function tokenOf({ headers }: FastifyRequest): string | undefined {
  const own = headers[tokenHeader];
  const text = typeof own === "string" ? own : /^bearer +(.*)$/i.exec(headers.authorization ?? "")?.[1];
  const token = text?.trim() ?? "";
  return token === "" ? undefined : token;
}

const reasons: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  429: "TooManyRequests",
  503: "ServiceUnavailable",
};

/** As the API server says it: what reaches us through it is read by the same eyes. */
function sendFailure(reply: FastifyReply, code: number, message: string): FastifyReply {
  const reason = reasons[code] ?? (code < 500 ? "BadRequest" : "InternalError");
  return sendJson(reply.code(code), { kind: "Status", apiVersion: "v1", status: "Failure", reason, message, code });
}

function sendTooMany(reply: FastifyReply, waitMs: number): FastifyReply {
  const seconds = Math.ceil(waitMs / 1000);
  return sendFailure(
    reply.header("retry-after", String(seconds)),
    429,
    `too many questions: ask again in ${seconds} s`,
  );
}

function sendJson(reply: FastifyReply, body: unknown): FastifyReply {
  return reply.type("application/json; charset=utf-8").send(`${JSON.stringify(body)}\n`);
}
