import { type Command, InvalidArgumentError, Option } from "commander";
import type { TryResult } from "../app.ts";
import { controllerSettings } from "../controller-config.ts";
import { type RouteKind, routeKinds } from "../core/keys.ts";
import { environmentName } from "../settings.ts";
import { type CommandIo, dataFormats, exitCodes } from "./command-io.ts";
import { printData } from "./print-data.ts";
import { printable } from "./text-table.ts";

interface TryFlags {
  readonly header?: readonly (readonly [string, string])[];
  readonly gateway?: string;
  readonly insecure?: boolean;
  readonly kubeconfig?: string;
  readonly controllerName: string;
  readonly watchNamespaces?: string;
  readonly output: "text" | "json" | "yaml";
}

/** Adds `gatehouse try`, which sends one request through a Gateway and tells which way it went. */
export function addTry(program: Command, io: CommandIo): void {
  const { controllerName, kubeconfig, watchNamespaces } = controllerSettings;
  program
    .command("try")
    .description(
      "send one request through a Gateway's address and tell listener, route, rule and backend that answered it",
    )
    .argument("<method>", "such as GET", parseMethod)
    .argument("<url>", "such as http://shop.example.com/cart: its host is asked for, wherever its name leads", parseUrl)
    .option("-H, --header <name: value>", "a header of the request; may be given again", addHeader)
    .option("--gateway <namespace/name>", "the Gateway to ask, where several have a listener for the URL")
    .option("-k, --insecure", "take any certificate")
    .addOption(new Option("--kubeconfig <file>", kubeconfig.description).env(environmentName(kubeconfig.flag)))
    .addOption(
      new Option("--controller-name <name>", controllerName.description)
        .env(environmentName(controllerName.flag))
        .default(controllerName.default),
    )
    .addOption(
      new Option("--watch-namespaces <a,b>", watchNamespaces.description).env(environmentName(watchNamespaces.flag)),
    )
    .addOption(new Option("-o, --output <format>", "format").choices(["text", ...dataFormats]).default("text"))
    .action(async (method: string, url: URL, flags: TryFlags) => {
      const { tryThroughGateway } = await import("../app.ts");
      const result = await tryThroughGateway({
        method,
        url,
        headers: flags.header ?? [],
        insecure: flags.insecure === true,
        controllerName: flags.controllerName,
        namespaces: (flags.watchNamespaces ?? "").split(",").filter((name) => name !== ""),
        addressPatienceMs: 60_000,
        patienceMs: 15_000,
        ...(flags.gateway !== undefined && { gateway: flags.gateway }),
        ...(flags.kubeconfig !== undefined && { kubeconfig: flags.kubeconfig }),
      });
      if (result.kind === "failed") {
        io.stderr.write(`error: ${printable(result.message)}\n`);
        io.exitWith(exitCodes.failure);
        return;
      }
      io.stdout.write(flags.output === "text" ? answerText(result) : printData(result, flags.output));
    });
}

type Answered = Extract<TryResult, { kind: "answered" }>;

/** What a request through a Gateway came to, and which way it went. */
export function answerText({ target, response, line, lineProblem }: Answered): string {
  const { status, statusText, milliseconds, bytes } = response;
  const first = `${status} ${statusText}, ${bytes} bytes in ${milliseconds} ms from ${target.address}:${target.port}`;
  const rows: (readonly [string, string])[] = [["gateway", target.gateway]];
  if (line === undefined) rows.push(["unknown", lineProblem ?? ""]);
  else {
    const of = (field: string) => textOf(line[field]);
    const name = `${of("namespace")}/${of("route")}`;
    const route = of("route") === "-" ? "none" : [routeKindOf(line), name].filter(Boolean).join(" ");
    rows.push(["listener", of("listener")], ["route", route], ["rule", of("rule")]);
    rows.push(["backend", of("upstream") === "-" ? of("backend") : `${of("backend")} at ${of("upstream")}`]);
    rows.push(["details", `${of("details")}${of("flags") === "-" ? "" : ` (${of("flags")})`}`]);
  }
  return [first, ...rows.map(([name, value]) => `  ${name.padEnd(9)} ${value}`)]
    .map((text) => `${printable(text)}\n`)
    .join("");
}

/** The kind of route that a line of the access log is about: its `route_name` begins with it. */
function routeKindOf(line: Answered["line"]): RouteKind | undefined {
  const [word] = String(line?.["route_name"] ?? "").split("/");
  return routeKinds.find((kind) => kind.toLowerCase() === word);
}

/** What Envoy has nothing to say about is a dash in text and null in JSON. */
function textOf(value: unknown): string {
  return value === null || value === undefined || value === "" ? "-" : String(value);
}

function parseMethod(text: string): string {
  if (!/^[A-Za-z]+$/.test(text)) throw new InvalidArgumentError("Write a method such as GET.");
  return text.toUpperCase();
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new InvalidArgumentError("Write a URL such as http://shop.example.com/cart.");
  }
  return url;
}

function addHeader(
  text: string,
  before: readonly (readonly [string, string])[] = [],
): readonly (readonly [string, string])[] {
  const colon = text.indexOf(":");
  const name = text.slice(0, colon).trim();
  const value = text.slice(colon + 1).trim();
  if (colon < 0 || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    throw new InvalidArgumentError('Write a header such as "x-user: me".');
  }
  return [...before, [name, value]];
}
