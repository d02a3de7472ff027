import { type Command, InvalidArgumentError, Option } from "commander";
import { settings } from "../config.ts";
import type { RequestExplanation, RequestHeader, RequestQuestion, RouteExplanation } from "../core/explanation.ts";
import { kinds, type RouteKind, routeKinds } from "../core/keys.ts";
import { type CommandIo, exitCodes } from "./command-io.ts";
import { routeText } from "./explain-route-text.ts";
import { requestText } from "./explain-text.ts";
import { type AskOptions, addAskOptions, askGatehouse } from "./live.ts";
import { printData } from "./print-data.ts";
import { printable } from "./text-table.ts";
import { readManifestTexts } from "./world-options.ts";

interface NameInNamespace {
  readonly namespace: string;
  readonly name: string;
}

interface RouteName extends NameInNamespace {
  readonly kind: RouteKind;
}

interface ExplainFlags extends AskOptions {
  readonly filename?: readonly string[];
  readonly output: "text" | "json";
  readonly controllerName: string;
  readonly bindAddress: string;
}

interface RequestFlags extends ExplainFlags {
  readonly header?: readonly RequestHeader[];
  readonly method: string;
  readonly sni?: string;
  readonly gateway?: NameInNamespace;
}

const exitHelp = `
Exit codes:
  0  something answers, or the route is attached
  1  nothing does, or it is not
  2  the question or what it is asked of cannot be read`;

/** Adds `gatehouse explain request` and `gatehouse explain route`. */
export function addExplain(program: Command, io: CommandIo): void {
  const explain = program
    .command("explain")
    .description("tell how a request is answered, or how a route is served, and why");
  const request = explain
    .command("request")
    .description("tell listener, virtual host, rule and answer of a request, and what decided against every rival")
    .argument("<url>", "such as https://shop.example.com/cart?id=1", parseUrl)
    .option("-H, --header <name: value>", "a header of the request; may be given more than once", collectHeader)
    .option("--method <method>", "its method", "GET")
    .option("--sni <name>", "server name of the TLS handshake; without it the host of an https URL; '' for none")
    .option("--gateway <namespace/name>", "only this Gateway", parseName);
  addSharedOptions(request).action((url: AskedUrl, flags: RequestFlags) =>
    explainTo(io, flags, { path: "request", question: questionOf(url, flags), print: requestText, isGood: isAnswered }),
  );
  const route = explain
    .command("route")
    .description("tell listener by listener how a route is served, or why not")
    .argument("<[kind/]namespace/name>", "an HTTPRoute, or such as grpcroute/shop/cart", parseRoute);
  addSharedOptions(route).action((route: RouteName, flags: ExplainFlags) =>
    explainTo(io, flags, { path: "route", question: route, print: routeText, isGood: isAttached }),
  );
}

function addSharedOptions(command: Command): Command {
  command
    .option("-f, --filename <file...>", "ask these manifests (files, folders, or -) instead of a running control plane")
    .addOption(new Option("-o, --output <format>", "format").choices(["text", "json"]).default("text"))
    .option("--controller-name <name>", settings.controllerName.description, settings.controllerName.default)
    .option("--bind-address <a,b>", settings.bindAddress.description, settings.bindAddress.default)
    .addHelpText("after", exitHelp);
  return addAskOptions(command);
}

interface Asking<Q, E> {
  readonly path: "request" | "route";
  readonly question: Q;
  readonly print: (explanation: E) => string;
  /** Whether the exit code is 0. */
  readonly isGood: (explanation: E) => boolean;
}

type AnyAsking = Asking<RequestQuestion, RequestExplanation> | Asking<RouteName, RouteExplanation>;

async function explainTo(io: CommandIo, flags: ExplainFlags, asking: AnyAsking): Promise<void> {
  const fetched = await (flags.filename === undefined
    ? fetchExplanation(flags, asking)
    : explainFiles(io, { ...flags, filename: flags.filename }, asking));
  if (fetched instanceof Error) {
    io.stderr.write(`error: ${printable(fetched.message)}\n`);
    io.exitWith(exitCodes.usage);
    return;
  }
  // Either source answers a question with its own kind of explanation.
  const { print, isGood } = asking as Asking<unknown, unknown>;
  io.stdout.write(flags.output === "json" ? printData(fetched, "json") : print(fetched));
  if (!isGood(fetched)) io.exitWith(exitCodes.failure);
}

/** Asks a running control plane. */
async function fetchExplanation(flags: ExplainFlags, { path, question }: AnyAsking): Promise<unknown> {
  const answer = await askGatehouse(flags, { path: `/v1/explain/${path}`, body: question });
  return answer.kind === "failed" ? new Error(answer.message) : answer.value;
}

/** Translates manifests and asks the result. */
async function explainFiles(
  io: CommandIo,
  { filename, controllerName, bindAddress }: ExplainFlags & { readonly filename: readonly string[] },
  asking: AnyAsking,
): Promise<unknown> {
  const { explainRequestOffline, explainRouteOffline, formatProblem } = await import("../app.ts");
  const files = await readManifestTexts(filename, io);
  if (files instanceof Error) return files;
  const options = {
    controllerName,
    placement: { kind: "standalone", bindAddresses: bindAddress.split(",") },
  } as const;
  const { explanation, problems } =
    "host" in asking.question
      ? explainRequestOffline(files, asking.question, options)
      : explainRouteOffline(files, asking.question, options);
  for (const problem of problems) io.stderr.write(`${printable(formatProblem(problem))}\n`);
  return explanation;
}

/** What a URL says of a request; the path stays as it is written, because a proxy is asked what it makes of it. */
interface AskedUrl {
  readonly scheme: "http" | "https";
  /** With its port where one is written. */
  readonly host: string;
  readonly path: string;
}

function questionOf({ scheme, host: authority, path }: AskedUrl, flags: RequestFlags): RequestQuestion {
  const sent = flags.header ?? [];
  const host = sent.findLast(({ name }) => name.toLowerCase() === "host")?.value ?? authority;
  const [, name = "", port] = /^(.*?)(?::([0-9]+))?$/.exec(authority) ?? [];
  const sni = flags.sni ?? name;
  return {
    ...(flags.gateway && { gateway: flags.gateway }),
    port: port === undefined ? { http: 80, https: 443 }[scheme] : Number(port),
    scheme,
    // An address is no server name.
    ...(scheme === "https" && sni !== "" && !/^(\[.*\]|[\d.]+)$/.test(sni) && { sni }),
    host,
    path,
    method: flags.method,
    headers: sent.filter((header) => header.name.toLowerCase() !== "host"),
  };
}

function parseUrl(text: string): AskedUrl {
  const found = /^(?:(https?):\/\/)?([^/?#\s]+)([^#\s]*)(?:#\S*)?$/i.exec(text);
  const [, scheme = "http", host, path = ""] = found ?? [];
  // Behind the host `://` is as good as anything else.
  const isOther = found?.[1] === undefined && /^[^/?#]*:\/\//.test(text);
  if (host === undefined || isOther) {
    throw new InvalidArgumentError("write http://HOST/PATH or https://HOST/PATH.");
  }
  const port = Number(/:([0-9]+)$/.exec(host)?.[1] ?? 1);
  if (port < 1 || port > 65_535) throw new InvalidArgumentError("a port is a number from 1 to 65535.");
  return {
    scheme: scheme.toLowerCase() === "https" ? "https" : "http",
    host,
    path: path.startsWith("/") ? path : `/${path}`,
  };
}

function parseRoute(text: string): RouteName {
  const [word = "", ...rest] = text.split("/");
  const lower = word.toLowerCase();
  const kind = routeKinds.find((each) => lower === each.toLowerCase() || lower === kinds[each].plural);
  // Two parts are a namespace, however it is called, and a name.
  if (rest.length === 1) return { kind: "HTTPRoute", ...parseName(text) };
  if (kind === undefined) throw new InvalidArgumentError("write NAMESPACE/NAME, or KIND/NAMESPACE/NAME.");
  return { kind, ...parseName(rest.join("/")) };
}

function parseName(text: string): NameInNamespace {
  const [namespace, name, ...more] = text.split("/");
  if (!namespace || !name || more.length > 0) throw new InvalidArgumentError("write NAMESPACE/NAME.");
  return { namespace, name };
}

function collectHeader(text: string, before: readonly RequestHeader[] = []): readonly RequestHeader[] {
  const colon = text.indexOf(":");
  if (colon <= 0) throw new InvalidArgumentError("write 'name: value'.");
  return [...before, { name: text.slice(0, colon).trim(), value: text.slice(colon + 1).trim() }];
}

/** Whether some Gateway has a rule for it, whatever that answers. */
function isAnswered({ gateways }: RequestExplanation): boolean {
  return gateways.some(
    ({ winner, answer }) => winner !== undefined || answer.kind === "normalized" || answer.kind === "forwarded",
  );
}

function isAttached({ parents }: RouteExplanation): boolean {
  return parents.some(({ attached }) => attached);
}
