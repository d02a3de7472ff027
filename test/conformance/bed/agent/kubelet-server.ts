import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { Duplex } from "node:stream";
import type { NodeAgentOptions } from "../node-agent-options.ts";
import { serveExec } from "./kubelet-exec.ts";
import { serveLogs } from "./kubelet-logs.ts";
import { servePortForward } from "./kubelet-port-forward.ts";
import type { PodWorker } from "./pod-worker.ts";

/** Finds a pod of this node. */
export type PodLookup = (namespace: string, name: string) => PodWorker | undefined;

/** Serves what the API server asks a node: logs, exec and port-forward of its pods. Only the cluster's own clients are let in. */
export function serveKubelet(options: NodeAgentOptions, find: PodLookup): Promise<Server> {
  const { certificatePem, keyPem, clientAuthorityPem } = options.kubelet;
  const server = createServer({
    ...{ cert: certificatePem, key: keyPem, ca: clientAuthorityPem },
    ...{ requestCert: true, rejectUnauthorized: true },
  });
  server.on("request", (request, response) => answer(request, response, find));
  server.on("upgrade", (request, socket) => upgrade(request, socket, find));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.kubeletPort, options.nodeAddress, () => resolve(server));
  });
}

function answer(request: IncomingMessage, response: ServerResponse, find: PodLookup): void {
  const { verb, pod, container, query } = readTarget(request, find);
  const runner = container === undefined ? undefined : pod?.runner(container);
  if (request.url === "/healthz") response.end("ok");
  else if (verb !== "containerLogs" || runner === undefined) {
    response.writeHead(404, { "content-type": "text/plain" }).end("no such container here\n");
  } else serveLogs(response, query, runner);
}

function upgrade(request: IncomingMessage, socket: Duplex, find: PodLookup): void {
  const { verb, pod, container, query } = readTarget(request, find);
  const process = container === undefined ? undefined : pod?.runner(container)?.process;
  if (verb === "exec" && process !== undefined) serveExec(request, socket, query, process);
  else if (verb === "portForward" && pod !== undefined) servePortForward(request, socket, pod.network);
  else socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
}

interface Target {
  readonly verb: string | undefined;
  readonly pod: PodWorker | undefined;
  readonly container: string | undefined;
  readonly query: URLSearchParams;
}

/** Paths are `/verb/namespace/pod`, and `/container` where it takes one. */
function readTarget(request: IncomingMessage, find: PodLookup): Target {
  const url = new URL(request.url ?? "/", "https://node");
  const [verb, namespace, name, container] = url.pathname.split("/").slice(1);
  const pod = namespace === undefined || name === undefined ? undefined : find(namespace, name);
  return { verb, pod, container, query: url.searchParams };
}
