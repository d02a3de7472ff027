import { spawn } from "node:child_process";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { toolPath } from "./container-process.ts";
import { SpdySession, type SpdyStream } from "./spdy-session.ts";
import { acceptWebSocket } from "./websocket.ts";

const tunnelProtocol = "SPDY/3.1+portforward.k8s.io";
const dialer = fileURLToPath(new URL("dial-port.ts", import.meta.url));

/** Serves one `port-forward`: SPDY streams in a WebSocket, two for each connection, one for its bytes and one for its error. */
export function servePortForward(request: IncomingMessage, socket: Duplex, network: string | undefined): void {
  const tunnel = acceptWebSocket(request, socket, [tunnelProtocol]);
  if (tunnel === undefined) return;
  const errors = new Map<string, SpdyStream>();
  new SpdySession(tunnel, (stream) => {
    const id = stream.headers.get("requestid") ?? "";
    const port = Number(stream.headers.get("port"));
    if (stream.headers.get("streamtype") === "error") errors.set(id, stream);
    else {
      const error = errors.get(id);
      errors.delete(id);
      connectPort({ data: stream, error, port, network });
    }
  });
}

interface Forwarding {
  readonly data: SpdyStream;
  readonly error: SpdyStream | undefined;
  readonly port: number;
  readonly network: string | undefined;
}

/** Connects to a port on the pod's loopback: only a process inside its network can. */
function connectPort({ data, error, port, network }: Forwarding): void {
  const enter = network === undefined ? [] : ["nsenter", `--net=${network}`];
  const [program = process.execPath, ...args] = [...enter, process.execPath, dialer, String(port)];
  const child = spawn(program, args, { stdio: "pipe", env: { PATH: toolPath } });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    complaint += text;
  });
  child.stdin.on("error", () => {
    // The port was closed by the pod; the end of the process tells the client.
  });
  data.onData = (bytes) => child.stdin.write(bytes);
  data.onEnd = () => child.stdin.end();
  child.stdout.on("data", (bytes: Buffer) => {
    child.stdout.pause();
    void data.write(bytes).then(() => child.stdout.resume());
  });
  child.on("error", (problem) => {
    complaint = problem.message;
  });
  child.on("close", () => {
    if (complaint !== "") void error?.write(Buffer.from(complaint));
    error?.end();
    data.end();
  });
}
