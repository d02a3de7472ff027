import type { FastifyInstance } from "fastify";
import type { Logger } from "../logger.ts";
import { anyHostCheck } from "./host-check.ts";
import { createReadOnlyServer, sendJson } from "./read-only-server.ts";

/** What the health pages ask. */
export interface HealthView {
  /** What is still missing before this replica should be used; undefined when nothing is. */
  notReady(): string | undefined;
  renderMetrics(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Makes the server for machines: kubelet, load balancers and Prometheus. It tells nothing about any object. */
export function createHealthServer(view: HealthView, logger: Logger): FastifyInstance {
  const server = createReadOnlyServer({ isAllowedHost: anyHostCheck, logger });
  server.get("/healthz", (_request, reply) => sendJson(reply, { status: "ok" }));
  server.get("/readyz", (_request, reply) => {
    const reason = view.notReady();
    return reason === undefined
      ? sendJson(reply, { status: "ready" })
      : sendJson(reply.code(503), { status: "not ready", reason });
  });
  server.get("/metrics", async (_request, reply) => {
    const { contentType, body } = await view.renderMetrics();
    return reply.type(contentType).send(body);
  });
  return server;
}
