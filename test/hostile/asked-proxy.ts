/** A real Envoy of the shared Gateway, and what it answers to the tenants' requests. */
import { proxyBootstrap } from "../../src/translate/envoy/bootstrap.ts";
import { type Http1Connection, openHttp1 } from "../support/client.ts";
import { sleep, startEnvoy } from "../support/envoy.ts";
import { edge, type HostileControlPlane } from "./control-plane.ts";
import type { TenantRequest } from "./requests.ts";
import { attacker } from "./tenants.ts";

export interface AskedProxy {
  /** Waits until it has taken everything. */
  settle(): Promise<void>;
  /** Sends requests, and tells which were answered by somebody else than they should. */
  ask(requests: readonly TenantRequest[]): Promise<readonly string[]>;
  /** What it refuses of what others need too. */
  refusals(): readonly string[];
  stop(): Promise<void>;
}

/** Starts it and waits until it serves. */
export async function startAskedProxy(
  { server, isServed }: HostileControlPlane,
  { address, authority }: { readonly address: string; readonly authority: string },
): Promise<AskedProxy> {
  const xds = { address: "127.0.0.1", port: server.port };
  const bootstrap = proxyBootstrap({ gateway: edge, nodeId: "asked", xds, adminAddress: "127.0.0.1", adminPort: 0 });
  const envoy = await startEnvoy({ bootstrap });
  const settle = async () => {
    const deadline = Date.now() + 20_000;
    while (server.streams().length === 0 || !(isServed() || server.state(edge).refusals.size > 0)) {
      if (Date.now() > deadline) throw new Error("the proxy never has everything");
      await sleep(1);
    }
  };
  return {
    settle,
    ask: async (requests) => {
      const byTarget = Map.groupBy(requests, ({ port, host, sni }) =>
        plainPorts.has(port) ? String(port) : `${port} ${sni ?? host}`,
      );
      const wrong: string[] = [];
      for (const [target, group] of byTarget) {
        const [port = "", serverName] = target.split(" ");
        const tls = serverName === undefined ? {} : { tls: { serverName, authority } };
        const open = () => openHttp1({ address, port: boundPort(Number(port)), ...tls });
        wrong.push(...(await askAll(open, group)));
      }
      return wrong;
    },
    refusals: () =>
      [...server.state(edge).refusals]
        .filter(([name]) => !name.split("/").includes(attacker))
        .map(([name, text]) => `${name} is refused: ${text}`),
    stop: () => envoy.stop(),
  };
}

/** Ports without TLS. */
const plainPorts: ReadonlySet<number> = new Set([80, 9300, 8082, 9400]);

/** Proxies beside the control plane bind privileged ports above. */
function boundPort(port: number): number {
  return port < 1024 ? port + 10_000 : port;
}

async function askAll(
  open: () => Promise<Http1Connection>,
  requests: readonly TenantRequest[],
): Promise<readonly string[]> {
  const wrong: string[] = [];
  let connection: Http1Connection | undefined;
  for (const request of requests) {
    try {
      connection ??= await open();
      const { host, path, port, answeredBy } = request;
      const response = await connection.send({ host, path });
      const backend = response.headers.get("x-backend")?.[0];
      if (backend !== answeredBy)
        wrong.push(
          `${host}:${port}${path} is answered ${response.status} by ${backend ?? "nobody"}, not by ${answeredBy ?? "nobody"}`,
        );
      // A listener that changes lets its connections end.
      if (response.headers.get("connection")?.[0] === "close") {
        connection.close();
        connection = undefined;
      }
    } catch (error) {
      wrong.push(`${request.host}:${request.port}${request.path} is not answered: ${String(error)}`);
      connection?.close();
      connection = undefined;
    }
  }
  connection?.close();
  return wrong;
}
