import type { ChildProcess } from "node:child_process";
import { execFile } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerProcess } from "./container-process.ts";
import { enterContainer } from "./exec-run.ts";
import { acceptWebSocket, type WebSocketConnection } from "./websocket.ts";

const channels = { input: 0, output: 1, error: 2, status: 3, resize: 4, close: 255 } as const;

/** Serves one `exec`: a WebSocket whose messages begin with the number of the stream that they belong to. */
export function serveExec(
  request: IncomingMessage,
  socket: Duplex,
  query: URLSearchParams,
  container: ContainerProcess,
): void {
  const connection = acceptWebSocket(request, socket, ["v5.channel.k8s.io", "v4.channel.k8s.io"]);
  if (connection === undefined) return;
  // The client waits for a first message before it sends anything.
  connection.send(Buffer.from([channels.output]));
  const terminal = isSet(query, "tty") ? "terminal" : "pipes";
  const child = enterContainer(container, query.getAll("command"), terminal);
  if (child === undefined) {
    finish(connection, internalFailure("the container does not run"));
    return;
  }
  connectInput(connection, child, terminal);
  const open = [child.stdout, child.stderr].map((stream, index) =>
    stream === null ? Promise.resolve() : forward(stream, index === 0 ? channels.output : channels.error, connection),
  );
  if (!isSet(query, "input")) child.stdin?.end();
  child.on("error", (error) => finish(connection, internalFailure(error.message)));
  child.on("exit", (code, signal) => {
    void Promise.all(open).then(() => finish(connection, exitStatus(code ?? (signal === null ? 1 : 137))));
  });
}

function isSet(query: URLSearchParams, name: string): boolean {
  return query.get(name) === "1" || query.get(name) === "true";
}

function connectInput(connection: WebSocketConnection, child: ChildProcess, terminal: "terminal" | "pipes"): void {
  child.stdin?.on("error", () => {
    // The command has ended, or closed its input: what is sent to it goes nowhere.
  });
  connection.onMessage = (message) => {
    const [channel] = message;
    if (channel === channels.input) child.stdin?.write(message.subarray(1));
    else if (channel === channels.close && message[1] === channels.input) child.stdin?.end();
    else if (channel === channels.resize && terminal === "terminal")
      resize(child, message.subarray(1).toString("utf8"));
  };
  connection.onClose = () => {
    if (child.exitCode === null) child.kill("SIGKILL");
  };
}

async function forward(stream: Readable, channel: number, connection: WebSocketConnection): Promise<void> {
  try {
    for await (const chunk of stream) {
      if (!connection.send(Buffer.concat([Buffer.from([channel]), chunk]))) await connection.drained();
    }
  } catch {
    // The stream ends with the process that was killed; its status is what is told.
  }
}

async function resize(child: ChildProcess, text: string): Promise<void> {
  const size = parseSize(text);
  if (size === undefined || child.pid === undefined) return;
  // The size comes at once, the terminal a little later.
  for (let attempt = 0; attempt < 40 && child.exitCode === null; attempt++) {
    const terminal = terminalOf(child.pid);
    if (terminal !== undefined) {
      execFile("stty", ["-F", terminal, "rows", String(size.Height), "cols", String(size.Width)], () => {});
      return;
    }
    await sleep(50);
  }
}

function parseSize(text: string): { Width: number; Height: number } | undefined {
  try {
    // kubectl's message; only whole numbers are handed on.
    const size = JSON.parse(text) as { Width?: unknown; Height?: unknown };
    if (!Number.isInteger(size.Width) || !Number.isInteger(size.Height)) return undefined;
    return { Width: Number(size.Width), Height: Number(size.Height) };
  } catch {
    return undefined;
  }
}

/** The terminal that script(1) made for its command. */
function terminalOf(script: number): string | undefined {
  try {
    const [child] = readFileSync(`/proc/${script}/task/${script}/children`, "utf8").split(" ");
    const path = readlinkSync(`/proc/${child}/fd/0`);
    return path.startsWith("/dev/pts/") ? path : undefined;
  } catch {
    // The command has not begun, or is over.
    return undefined;
  }
}

function finish(connection: WebSocketConnection, status: object): void {
  connection.send(Buffer.concat([Buffer.from([channels.status]), Buffer.from(JSON.stringify(status))]));
  connection.close();
}

function exitStatus(code: number): object {
  if (code === 0) return { metadata: {}, status: "Success" };
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  };
}

function internalFailure(message: string): object {
  return { metadata: {}, status: "Failure", message, reason: "InternalError", code: 500 };
}
