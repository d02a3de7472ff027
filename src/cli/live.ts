import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Asked, CallerOptions } from "../app.ts";
import { controllerSettings } from "../controller-config.ts";
import { environmentName } from "../settings.ts";
import { printable } from "./text-table.ts";

/** How a running control plane is asked, and who asks; what users may give. */
export interface AskOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** `https://HOST:PORT` of the endpoint for tenants, or `http://HOST:PORT` of a debug address. */
  readonly server?: string;
  /** File with the authorities of an `https` server. */
  readonly ca?: string;
  /** The name in that server's certificate, where it is not that of its URL. */
  readonly serverName?: string;
  readonly token?: string;
  readonly asServiceAccount?: { readonly namespace: string; readonly name: string };
  readonly gatehouseNamespace: string;
}

/** A question of the endpoint for tenants, such as `/v1/explain/route`; without a body it is a GET. */
export interface AskedQuestion {
  readonly path: string;
  readonly body?: unknown;
  /** The debug page that answers the same by GET, with its query; without it, that of the same path is asked alike. */
  readonly debugPage?: string;
  readonly timeoutMs?: number;
}

/** Adds the options by which a verb reaches a running control plane. */
export function addAskOptions(command: Command): Command {
  const { kubeconfig } = controllerSettings;
  return command
    .addOption(new Option("--kubeconfig <file>", kubeconfig.description).env(environmentName(kubeconfig.flag)))
    .option("--context <name>", "another context of the kubeconfig than its current one")
    .addOption(
      new Option(
        "--server <url>",
        "ask this address, not the cluster's: https:// of the endpoint for tenants, or http:// of a debug address",
      ).env("GATEHOUSE_SERVER"),
    )
    .option("--ca <file>", "authorities of an https:// server, PEM")
    .option("--server-name <name>", "name in that server's certificate; by default the host of its URL")
    .addOption(new Option("--token <token>", "ask with this token, not the kubeconfig's").env("GATEHOUSE_TOKEN"))
    .option("--as-service-account <namespace/name>", "ask with a token of this service account", parseAccount)
    .option("--gatehouse-namespace <name>", "namespace of the control plane", "gatehouse-system");
}

/** Asks a running control plane. What comes back is its answer, as yet unread. */
export async function askGatehouse(options: AskOptions, question: AskedQuestion): Promise<Asked<unknown>> {
  const { server } = options;
  if (server === undefined) {
    const { askThroughApiServer } = await import("../app.ts");
    const service = { namespace: options.gatehouseNamespace, name: "gatehouse-api" };
    return askThroughApiServer(callerOf(options), service, question);
  }
  const url = URL.parse(server);
  if (url?.protocol === "http:") {
    // A debug address knows nobody, and shows everything to who reaches it.
    const { path, debugPage, body, ...rest } = question;
    if (debugPage !== undefined) return send(new URL(debugPage, url), { path, ...rest }, {});
    return send(new URL(path.replace(/^\/v1\//, "/debug/"), url), question, {});
  }
  if (url?.protocol !== "https:") {
    return { kind: "failed", message: `--server ${JSON.stringify(server)} is no address: write https://HOST:PORT` };
  }
  const { callerToken } = await import("../app.ts");
  const token = await callerToken(callerOf(options));
  if (token.kind === "failed") return token;
  const authorities = readAuthorities(options.ca);
  if (authorities.kind === "failed") return authorities;
  return send(new URL(question.path, url), question, {
    headers: { authorization: `Bearer ${token.value}` },
    ...(authorities.value !== undefined && { ca: authorities.value }),
    ...(options.serverName !== undefined && { servername: options.serverName }),
  });
}

function callerOf({ kubeconfig, context, token, asServiceAccount }: AskOptions): CallerOptions {
  return {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    ...(token !== undefined && { token }),
    ...(asServiceAccount !== undefined && { serviceAccount: asServiceAccount }),
  };
}

function readAuthorities(file: string | undefined): Asked<string | undefined> {
  if (file === undefined) return { kind: "ok", value: undefined };
  try {
    return { kind: "ok", value: readFileSync(file, "utf8") };
  } catch (error) {
    return { kind: "failed", message: `cannot read --ca ${file}: ${wordsOf(error)}` };
  }
}

interface Channel {
  readonly headers?: Readonly<Record<string, string>>;
  readonly ca?: string;
  readonly servername?: string;
}

const defaultTimeoutMs = 30_000;
const largestAnswer = 64 * 1024 * 1024;

function send(
  url: URL,
  { body, timeoutMs = defaultTimeoutMs }: AskedQuestion,
  { headers, ...tls }: Channel,
): Promise<Asked<unknown>> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const options = {
    method: text === undefined ? "GET" : "POST",
    headers: {
      accept: "application/json",
      ...headers,
      ...(text !== undefined && { "content-type": "application/json" }),
    },
    signal: AbortSignal.timeout(timeoutMs),
    agent: false as const,
    ...tls,
  };
  return new Promise((resolve) => {
    const fail = (error: Error) =>
      resolve({ kind: "failed", message: `no control plane answers at ${url.origin}: ${wordsOf(error)}` });
    try {
      const request = (url.protocol === "http:" ? httpRequest : httpsRequest)(url, options, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > largestAnswer) response.destroy(new Error("the answer is too large"));
          else chunks.push(chunk);
        });
        response.on("error", fail);
        response.on("end", () => resolve(readAnswer(url, response.statusCode ?? 0, Buffer.concat(chunks).toString())));
      });
      request.on("error", fail);
      request.end(text);
    } catch (error) {
      // A token with a line break in it, or authorities that are none.
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

function readAnswer(url: URL, status: number, text: string): Asked<unknown> {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return { kind: "failed", message: `${url.origin} answered ${status}, and not with JSON` };
  }
  if (status >= 200 && status < 300) return { kind: "ok", value: answer };
  // A Status of the endpoint for tenants, or the one sentence of the debug pages.
  const { message, error } = Object(answer) as { readonly message?: unknown; readonly error?: unknown };
  const told = [message, error].find((each) => typeof each === "string");
  return { kind: "failed", message: printable(String(told ?? `${url.origin} answered ${status}`)) };
}

function parseAccount(text: string): { readonly namespace: string; readonly name: string } {
  const match = /^(?<namespace>[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)\/(?<name>[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)$/.exec(text);
  const { namespace, name } = match?.groups ?? {};
  if (namespace === undefined || name === undefined) throw new InvalidArgumentError("Write NAMESPACE/NAME.");
  return { namespace, name };
}

function wordsOf(error: unknown): string {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown };
  const [line = ""] = String(message ?? error).split("\n");
  return printable(line === "" ? String(code ?? "it failed") : line).slice(0, 300);
}
