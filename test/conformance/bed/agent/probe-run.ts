import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { type ContainerSpec, type HttpAction, type ProbeSpec, portNumber } from "./pod.ts";

/** What a probe or hook of a container acts on. */
export interface ProbeTarget {
  readonly container: ContainerSpec;
  readonly podAddress: string;
  /** Runs a command inside the container; answers its exit status, undefined when it took too long. */
  readonly execute: (command: readonly string[], timeoutMs: number) => Promise<number | undefined>;
}

export interface ProbeOutcome {
  readonly outcome: "success" | "failure";
  readonly message: string;
}

/** Tries a probe once. Nothing is thrown: what goes wrong is a failure with words. */
export async function runProbe(probe: ProbeSpec, target: ProbeTarget): Promise<ProbeOutcome> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.exec !== undefined) {
    const status = await target.execute(probe.exec.command, timeoutMs);
    return outcome(status === 0, status === undefined ? "command timed out" : `command ended with ${status}`);
  }
  if (probe.httpGet !== undefined) return await runHttp(probe.httpGet, target, timeoutMs);
  if (probe.tcpSocket !== undefined) {
    const port = portNumber(target.container, probe.tcpSocket.port);
    if (port === undefined) return outcome(false, `no port ${probe.tcpSocket.port}`);
    return await runTcp(probe.tcpSocket.host ?? target.podAddress, port, timeoutMs);
  }
  return outcome(false, "this kind of probe is not supported here");
}

/** Sends the request of an action, on a connection of its own, and judges the answer. */
export function runHttp(action: HttpAction, target: ProbeTarget, timeoutMs: number): Promise<ProbeOutcome> {
  const port = portNumber(target.container, action.port);
  if (port === undefined) return Promise.resolve(outcome(false, `no port ${action.port}`));
  const send = action.scheme === "HTTPS" ? httpsRequest : httpRequest;
  const headers = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  return new Promise((resolve) => {
    const request = send({
      host: action.host ?? target.podAddress,
      port,
      path: action.path ?? "/",
      headers: { "user-agent": "kube-probe/1.36", ...headers },
      agent: false,
      rejectUnauthorized: false,
    });
    const timer = setTimeout(() => request.destroy(new Error("no answer in time")), timeoutMs);
    request.on("response", (response) => {
      const status = response.statusCode ?? 0;
      response.resume();
      clearTimeout(timer);
      resolve(outcome(status >= 200 && status < 400, `HTTP status ${status}`));
    });
    request.on("error", (error) => {
      clearTimeout(timer);
      resolve(outcome(false, error.message));
    });
    request.end();
  });
}

function runTcp(host: string, port: number, timeoutMs: number): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const end = (result: ProbeOutcome): void => {
      socket.destroy();
      resolve(result);
    };
    socket.on("connect", () => end(outcome(true, "connected")));
    socket.on("timeout", () => end(outcome(false, "no connection in time")));
    socket.on("error", (error) => end(outcome(false, error.message)));
  });
}

function outcome(success: boolean, message: string): ProbeOutcome {
  return { outcome: success ? "success" : "failure", message };
}
