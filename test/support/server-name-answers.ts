/** Whether connections go to the route that the model says: asked by server name, seen in the access log. */
import { connect, type TLSSocket } from "node:tls";
import type { GatewayExplanation } from "../../src/core/explanation.ts";
import { decide } from "../../src/translate/decide/decide.ts";
import type { RoutingView } from "../../src/translate/pipeline.ts";
import type { Random } from "../decide/random.ts";
import { eventually, type RunningEnvoy } from "./envoy.ts";
import { serverNames } from "./odd-listeners.ts";

interface Asked {
  readonly serverName: string;
  readonly port: number;
  /** What is decided: `route namespace/name`, `closed`, `http`, `nothing`, or `asks` where clients show certificates. */
  readonly want: string;
  /** From where, and where to: the log tells both, and clients have one port for several targets. */
  readonly client: string;
}

/** Asks every port that reads server names for some, and tells which connections went elsewhere than was decided. */
export async function wrongConnections(
  envoy: RunningEnvoy,
  { address, view, random }: { readonly address: string; readonly view: RoutingView; readonly random: Random },
): Promise<{ readonly asked: number; readonly faults: readonly string[] }> {
  const nodes = [...view.envoyListeners.entries()].map(([, node]) => node);
  const asking = new Set(
    nodes.flatMap(({ port, chains }) =>
      chains.flatMap(({ kind, tls }) =>
        kind === "http" && tls?.clientValidation !== undefined ? [`${port} ${tls.hostname}`] : [],
      ),
    ),
  );
  const ports = nodes.filter(
    ({ name, accessLog }) => name.startsWith("https") && (accessLog?.format ?? "JSON") === "JSON",
  );
  const bound = ports.flatMap(({ port, bindPort }) =>
    random.some(candidates, 8, 16).map((serverName) => ({ serverName, port, bindPort })),
  );
  // The ports of clients come again.
  const before = envoy.accessLog().length;
  const asked = await Promise.all(
    bound.map(async ({ serverName, port, bindPort }): Promise<Asked> => {
      const question = {
        port,
        scheme: "https",
        ...(serverName !== "" && { sni: serverName }),
        host: "a.test",
        path: "/",
        method: "GET",
        headers: [],
      } as const;
      const want = wanted(decide(view, question).gateways[0], asking);
      return { serverName, port, want, client: await ask(address, bindPort, serverName) };
    }),
  );
  const seen = () => new Map(envoy.accessLog().slice(before).flatMap(seenLine));
  const wrong = () => {
    const lines = seen();
    return asked.flatMap(({ client, want, serverName, port }) => {
      const line = lines.get(client) ?? "nothing";
      return line === want || (want === "asks" && line !== "closed")
        ? []
        : [`${serverName} on ${port}: ${want} is decided, ${line} is seen`];
    });
  };
  const faults = await eventually("all is logged", () => wrong().length === 0, 15).then(() => [], wrong);
  return { asked: asked.length, faults };
}

const candidates = [
  ...new Set(
    serverNames.flatMap((name) => (name.startsWith("*") ? [`x${name.slice(1)}`, `y.x${name.slice(1)}`] : [name])),
  ),
  "elsewhere.test",
  // No name at all.
  "",
  "A.Example.COM",
  "X.A.EXAMPLE.com",
  "a.example.com.",
  "x_y.example.com",
  ".example.com",
  "a..example.com",
].filter((name) => name.length <= 253 && name !== "1.2.3.4");

function wanted(decided: GatewayExplanation | undefined, asking: ReadonlySet<string>): string {
  if (decided?.forwarder !== undefined) return `route ${decided.forwarder.namespace}/${decided.forwarder.name}`;
  if (decided?.listener === undefined) return "nothing";
  const { protocol, port, hostname } = decided.listener;
  if (asking.has(`${port} ${hostname}`)) return "asks";
  return protocol === "HTTPS" && decided.answer.kind !== "noConnection" ? "http" : "closed";
}

async function ask(address: string, port: number, serverName: string): Promise<string> {
  const socket: TLSSocket = connect({ host: address, port, servername: serverName, rejectUnauthorized: false });
  const ended = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  let client = "";
  socket.once("connect", () => {
    client = `${socket.localAddress}:${socket.localPort} ${address}:${port}`;
  });
  socket.on("error", () => {}); // Most are closed: the log says why.
  socket.once("secureConnect", () => socket.end(`GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n`));
  socket.resume();
  await ended;
  return client;
}

function seenLine(line: string): readonly (readonly [string, string])[] {
  // Lines of another format may be late.
  if (!line.startsWith("{")) return [];
  const {
    client: from,
    local,
    protocol,
    namespace,
    route,
  } = JSON.parse(line) as Readonly<Record<string, string | null>>;
  const client = `${from} ${local}`;
  const isForwarded = ["TLS", "TCP", "UDP"].includes(protocol ?? "");
  if (!isForwarded) return [[client, "http"]];
  return [[client, route === "-" ? "closed" : `route ${namespace}/${route}`]];
}
