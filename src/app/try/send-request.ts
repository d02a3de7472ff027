import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { TryTarget } from "./choose-gateway.ts";

export interface TryResponse {
  readonly status: number;
  readonly statusText: string;
  readonly milliseconds: number;
  /** Bytes of the body. */
  readonly bytes: number;
}

export interface TryRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly insecure: boolean;
  readonly userAgent: string;
}

/** Sends one request to a Gateway's address for the host of the URL; a message when no answer comes. */
export function sendRequest(
  { address, port }: TryTarget,
  { method, url, headers, insecure, userAgent }: TryRequest,
): Promise<TryResponse | string> {
  const tls = url.protocol === "https:";
  const options = {
    host: address,
    port,
    method,
    path: `${url.pathname}${url.search}`,
    agent: false,
    timeout: answerMs,
    headers: Object.fromEntries([
      ["host", url.host],
      ...headers.map(([name, value]) => [name.toLowerCase(), value] as const),
      ["user-agent", userAgent],
    ]),
    ...(tls && { servername: url.hostname, rejectUnauthorized: !insecure }),
  };
  const started = performance.now();
  return new Promise((resolve) => {
    const asked = (tls ? requestHttps : requestHttp)(options, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      const finish = () =>
        resolve({
          status: response.statusCode ?? 0,
          statusText: response.statusMessage ?? "",
          milliseconds: Math.round(performance.now() - started),
          bytes,
        });
      response.once("end", finish);
      response.once("error", finish);
    });
    asked.once("timeout", () => asked.destroy(new Error(`no answer within ${answerMs / 1000} s`)));
    asked.once("error", ({ message }) => resolve(`${address}:${port} does not answer: ${message}`));
    asked.end();
  });
}

const answerMs = 30_000;
