import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Logger } from "../logger.ts";
import type { DebugView, StatusEntry } from "./debug-view.ts";
import { addExplainPages, questionPaths } from "./explain-pages.ts";
import type { Explainer } from "./explainer.ts";
import { addressHostCheck, loopbackHostCheck } from "./host-check.ts";
import { indexPage, indexPagePolicy } from "./index-page.ts";
import { createReadOnlyServer, portOf, sendError, sendJson } from "./read-only-server.ts";

export interface DebugServerOptions {
  /** By which hosts it may be asked for: this machine's own, or any address. */
  readonly hosts: "loopback" | "addresses";
  /** Answers the pages that explain requests and routes; without it there are none. */
  readonly explainer?: Explainer;
  readonly logger: Logger;
}

/** Makes the server for people: an index page, and JSON under /debug/. */
export function createDebugServer(view: DebugView, { hosts, explainer, logger }: DebugServerOptions): FastifyInstance {
  const isAllowedHost = hosts === "loopback" ? loopbackHostCheck(() => portOf(server)) : addressHostCheck;
  const server: FastifyInstance = createReadOnlyServer({ isAllowedHost, questions: questionPaths, logger });
  server.get("/", (_request, reply) =>
    reply.header("content-security-policy", indexPagePolicy).type("text/html; charset=utf-8").send(indexPage(view)),
  );
  for (const folder of ["/debug", "/debug/"]) server.get(folder, (_request, reply) => reply.redirect("/"));
  server.get("/debug/gateways", (_request, reply) => sendJson(reply, { gateways: view.gateways() }));
  server.get("/debug/fleets", (request, reply) => {
    const gateway = parameters(request).get("gateway");
    const fleets = view.fleets().filter((fleet) => gateway === null || fleet.gateway === gateway);
    return sendJson(reply, { fleets });
  });
  server.get("/debug/streams", (_request, reply) => sendJson(reply, { streams: view.streams() }));
  server.get("/debug/problems", (_request, reply) => sendJson(reply, { problems: view.problems() }));
  server.get("/debug/quarantines", (_request, reply) => sendJson(reply, { quarantines: view.quarantines() }));
  server.get("/debug/graph", (_request, reply) => sendJson(reply, view.graph()));
  server.get("/debug/status", (request, reply) =>
    sendJson(reply, { statuses: selectStatuses(view.statuses(), parameters(request)) }),
  );
  addResourcePage(server, view);
  addHistoryPage(server, view);
  addOriginPage(server, view);
  if (explainer !== undefined) addExplainPages(server, explainer);
  return server;
}

const resourcesPerPage = 200;

function addResourcePage(server: FastifyInstance, view: DebugView): void {
  server.get("/debug/xds", (request, reply) => {
    const query = parameters(request);
    const gateway = query.get("gateway");
    if (gateway === null) return sendError(reply, 400, "say which Gateway: ?gateway=NAMESPACE/NAME");
    const offset = naturalNumber(query.get("offset"), 0);
    const limit = naturalNumber(query.get("limit"), resourcesPerPage);
    if (offset === undefined || limit === undefined) {
      return sendError(reply, 400, "offset and limit are whole numbers");
    }
    const page = view.resources({ gateway, ...given(query, "type"), ...given(query, "name"), offset, limit });
    if (page === undefined) return sendError(reply, 404, "no such Gateway of ours, or no such type");
    const next = offset + page.resources.length;
    return sendJson(reply, {
      gateway,
      total: page.total,
      ...(next < page.total ? { next } : {}),
      resources: page.resources,
    });
  });
}

function addHistoryPage(server: FastifyInstance, view: DebugView): void {
  server.get("/debug/history", (request, reply) => {
    const query = parameters(request);
    const [host, port, protocol] = [query.get("host"), query.get("port"), query.get("protocol")];
    if (host !== null) return sendJson(reply, view.history({ host, ...given(query, "path") }));
    if (port !== null && /^[0-9]{1,5}$/.test(port) && (protocol === "TCP" || protocol === "UDP")) {
      return sendJson(reply, view.history({ port: Number(port), protocol }));
    }
    const ways = "?host=HOST, and perhaps &path=/PATH, or ?port=PORT&protocol=TCP, or UDP";
    return sendError(reply, 400, `say which host, or which port: ${ways}`);
  });
}

function addOriginPage(server: FastifyInstance, view: DebugView): void {
  server.get("/debug/origins", (request, reply) => {
    const query = parameters(request);
    const [gateway, type, name] = [query.get("gateway"), query.get("type"), query.get("name")];
    if (gateway === null || type === null || name === null) {
      return sendError(reply, 400, "say which resource: ?gateway=NAMESPACE/NAME&type=TYPE&name=NAME");
    }
    const origins = view.origins({ gateway, type, name });
    if (origins === undefined) return sendError(reply, 404, "no such resource");
    return sendJson(reply, { gateway, type, name, origins });
  });
}

function selectStatuses(entries: readonly StatusEntry[], query: URLSearchParams): readonly StatusEntry[] {
  const [kind, namespace, name] = [query.get("kind"), query.get("namespace"), query.get("name")];
  return entries.filter(
    (entry) =>
      (kind === null || entry.kind.toLowerCase() === kind.toLowerCase()) &&
      (namespace === null || entry.namespace === namespace) &&
      (name === null || entry.name === name),
  );
}

/** A parameter given twice counts once, the first. */
function parameters(request: FastifyRequest): URLSearchParams {
  const mark = request.url.indexOf("?");
  return new URLSearchParams(mark < 0 ? "" : request.url.slice(mark));
}

function given<K extends string>(query: URLSearchParams, key: K): { readonly [P in K]?: string } {
  const value = query.get(key);
  // A computed key types as an index signature.
  return value === null ? {} : ({ [key]: value } as { readonly [P in K]: string });
}

function naturalNumber(text: string | null, fallback: number): number | undefined {
  if (text === null) return fallback;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
