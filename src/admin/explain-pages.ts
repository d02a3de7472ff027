import type { FastifyInstance } from "fastify";
import { convergingKinds } from "../core/convergence.ts";
import { type Read, readConvergenceName, readRequestQuestion, readRouteName } from "./api/read-question.ts";
import type { Explainer } from "./explainer.ts";
import { sendError, sendJson } from "./read-only-server.ts";

/** Paths of the debug pages that are asked by POST: a question has more parts than a URL has place for. */
export const questionPaths = ["/debug/explain/request", "/debug/explain/route"] as const;

const kinds: ReadonlyMap<string, string> = new Map(convergingKinds.map((kind) => [kind.toLowerCase(), kind]));

const bodyLimit = 1024 * 1024;

/** Adds the pages that explain. They show everything: whoever reaches the debug address may see it. */
export function addExplainPages(server: FastifyInstance, explainer: Explainer): void {
  const [requestPath, routePath] = questionPaths;
  add(server, {
    path: requestPath,
    read: readRequestQuestion,
    answer: (question) => explainer.explainRequest(question),
  });
  add(server, { path: routePath, read: readRouteName, answer: (route) => explainer.explainRoute(route) });
  server.get<{ readonly Querystring: { readonly object?: unknown } }>("/debug/convergence", async (request, reply) => {
    const [kind = "", namespace, name, ...rest] = String(request.query.object ?? "").split("/");
    const asked = readConvergenceName({ kind: kinds.get(kind.toLowerCase()), namespace, name });
    if (asked.kind === "wrong" || rest.length > 0) {
      return sendError(
        reply,
        400,
        "say which object: ?object=httproute/NAMESPACE/NAME, or a route of another kind, a gateway, a listenerset or a backendtlspolicy",
      );
    }
    return sendJson(reply, await explainer.convergence(asked.value));
  });
}

interface QuestionPage<Q> {
  readonly path: string;
  readonly read: (body: unknown) => Read<Q>;
  readonly answer: (question: Q) => unknown;
}

function add<Q>(server: FastifyInstance, { path, read, answer }: QuestionPage<Q>): void {
  server.post(path, { bodyLimit }, async (request, reply) => {
    const question = read(request.body);
    if (question.kind === "wrong") return sendError(reply, 400, question.message);
    return sendJson(reply, await answer(question.value));
  });
}
