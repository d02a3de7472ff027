import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ListenAddress } from "../../src/settings.ts";
import { kubeconfigOf } from "../support/cluster-world.ts";

/** A stand-in for an API server that leads to one Service and makes tokens of service accounts. */
export interface ServiceProxy {
  /** Writes a kubeconfig for a user of this API server, and names the file. */
  kubeconfigOf(user: object): string;
  /** What it was sent as `Authorization`, in order. */
  readonly authorizations: readonly (string | undefined)[];
  /** Answers everything with this from now on. */
  refuse(status: number, message: string): void;
  stop(): Promise<void>;
}

const prefix = "/api/v1/namespaces/gatehouse-system/services/https:gatehouse-api:443/proxy";

/** Starts it on loopback. As the real one, it drops `Authorization` and does not look at the Service's certificate. */
export async function startServiceProxy(
  target: ListenAddress,
  accountTokens: Readonly<Record<string, string>>,
): Promise<ServiceProxy> {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-proxy-"));
  const authorizations: (string | undefined)[] = [];
  let refusal: { readonly status: number; readonly message: string } | undefined;
  const server = createServer((incoming, response) => {
    authorizations.push(incoming.headers.authorization);
    const path = incoming.url ?? "";
    const account = /^\/api\/v1\/namespaces\/([^/]+)\/serviceaccounts\/([^/]+)\/token$/.exec(path);
    const token = account === null ? undefined : accountTokens[`${account[1]}/${account[2]}`];
    if (refusal !== undefined) sendStatus(response, refusal.status, refusal.message);
    else if (token !== undefined) response.writeHead(201).end(JSON.stringify({ status: { token } }));
    else if (path.startsWith(`${prefix}/`)) forward(incoming, response, target);
    else sendStatus(response, 404, `no ${path}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  let files = 0;
  return {
    authorizations,
    kubeconfigOf: (user) => {
      files += 1;
      const file = join(folder, `config-${files}`);
      writeFileSync(file, JSON.stringify(kubeconfigOf(`http://127.0.0.1:${port}`, user)));
      return file;
    },
    refuse: (status, message) => {
      refusal = { status, message };
    },
    stop: async () => {
      rmSync(folder, { recursive: true });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(incoming: IncomingMessage, response: ServerResponse, { host, port }: ListenAddress): void {
  const { authorization: _dropped, host: _theirs, connection: _hop, ...headers } = incoming.headers;
  const path = (incoming.url ?? "").slice(prefix.length);
  const options = {
    host,
    port,
    path,
    method: incoming.method,
    headers,
    rejectUnauthorized: false,
    agent: false,
  } as const;
  const outgoing = request(options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on("error", () => sendStatus(response, 503, "error trying to reach service"));
  incoming.pipe(outgoing);
}

function sendStatus(response: ServerResponse, code: number, message: string): void {
  const body = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "Forbidden", message, code };
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
}
