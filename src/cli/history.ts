import { type Command, InvalidArgumentError, Option } from "commander";
import { hiddenText } from "../core/hidden-object.ts";
import type {
  AnsweredPath,
  AnsweredPlace,
  AnsweringRoute,
  HistoryQuestion,
  HistoryReport,
  ToldChange,
} from "../core/history.ts";
import { type NamespacedName, namespacedName, parseObjectKey } from "../core/keys.ts";
import { type CommandIo, dataFormats, exitCodes } from "./command-io.ts";
import { type AskOptions, addAskOptions, askGatehouse } from "./live.ts";
import { printData } from "./print-data.ts";
import { printable, textTable } from "./text-table.ts";

interface HistoryOptions extends AskOptions {
  readonly output: "table" | (typeof dataFormats)[number];
}

const exitHelp = `
Exit codes:
  0  it is told
  1  nothing is known about it
  2  the command line is wrong, or no control plane answered`;

/** Adds `gatehouse history`, which asks a running control plane who answers a host, and who did before. */
export function addHistory(program: Command, io: CommandIo): void {
  const command = program
    .command("history")
    .description(
      "show who answers a host or has a port, and every time that another route came to, as a running control plane saw it",
    )
    .argument(
      "<host>",
      "HOST or HOST/PATH, such as shop.example.com/cart, or a server name; * for hosts that nothing else has; :PORT/tcp or :PORT/udp for what is forwarded there",
      parseAsked,
    )
    .addOption(new Option("-o, --output <format>", "format").choices(["table", ...dataFormats]).default("table"))
    .addHelpText("after", exitHelp);
  addAskOptions(command).action(async (asked: Asked, options: HistoryOptions) => {
    const { question } = asked;
    const answer = await askGatehouse(options, {
      path: "/v1/history",
      body: bodyOf(question),
      debugPage: `/debug/history?${new URLSearchParams(parametersOf(question))}`,
    });
    if (answer.kind === "failed") return fail(io, answer.message, exitCodes.usage);
    // Our own endpoint answers.
    const report = answer.value as HistoryReport;
    const isEmpty = report.current.length === 0 && report.changes.length === 0;
    if (options.output !== "table") io.stdout.write(printData(report, options.output));
    else if (!isEmpty) io.stdout.write(historyTable(report));
    if (isEmpty) fail(io, `nothing is known about ${asked.text}`, exitCodes.failure);
  });
}

function fail(io: CommandIo, message: string, code: number): void {
  io.stderr.write(`error: ${printable(message)}\n`);
  io.exitWith(code);
}

/** What was asked for, and how it was written. */
interface Asked {
  readonly text: string;
  readonly question: HistoryQuestion;
}

/** Splits what was asked for; of a host a scheme, a port, a query and a fragment say nothing here. */
export function parseAsked(text: string): Asked {
  const [, digits, word] = /^:([0-9]{1,5})\/(tcp|udp)$/i.exec(text) ?? [];
  const port = Number(digits);
  if (port >= 1 && port <= 65_535) {
    return { text, question: { port, protocol: word?.toLowerCase() === "udp" ? "UDP" : "TCP" } };
  }
  const rest = text.replace(/^[a-z]+:\/\//i, "").replace(/[?#].*$/s, "");
  const slash = rest.indexOf("/");
  const host = (slash < 0 ? rest : rest.slice(0, slash)).replace(/:\d+$/, "");
  if (host === "") throw new InvalidArgumentError("write HOST, HOST/PATH, :PORT/tcp or :PORT/udp.");
  return { text, question: slash < 0 ? { host } : { host, path: rest.slice(slash) } };
}

function bodyOf(question: HistoryQuestion): unknown {
  if ("port" in question) return question;
  const { host: hostname, path } = question;
  return { hostname, ...(path !== undefined && { path }) };
}

function parametersOf(question: HistoryQuestion): Readonly<Record<string, string>> {
  return "port" in question ? { ...question, port: String(question.port) } : { ...question };
}

/** What is so now, then one line for each change, the newest first. */
export function historyTable({ current, changes }: HistoryReport): string {
  const titles = ["TIME", "GATEWAY", "HOST", "PATH", "FROM", "TO", "PROXIES", "CAUSE"];
  return textTable(titles, [...current.map(currentRow), ...changes.map(changeRow)]);
}

function currentRow(answer: AnsweredPlace & AnsweringRoute): readonly string[] {
  return ["now", ...placeCells(answer), "", showRoute(answer), "", ""];
}

function changeRow(change: ToldChange): readonly string[] {
  const { time, from, to, cause, proxies } = change;
  const told = `${proxies.acknowledged}/${proxies.connected}`;
  return [time, ...placeCells(change), showRoute(from), showRoute(to), told, cause];
}

function placeCells({ gateway, port, hostname, path, protocol }: AnsweredPlace): readonly string[] {
  const what =
    path === undefined ? `all ${protocol === "UDP" ? "datagrams" : `${protocol} connections`}` : showPath(path);
  // Of a Gateway that the reader may not see there is no port either.
  return [port === 0 ? showName(gateway) : `${showName(gateway)}:${port}`, hostname === "" ? "*" : hostname, what];
}

function showPath({ type, value, condition }: AnsweredPath): string {
  return `${type} ${value}${condition === undefined ? "" : ` (${condition})`}`;
}

function showRoute(answering: AnsweringRoute | undefined): string {
  if (answering === undefined) return "nobody";
  const { kind, name } = parseObjectKey(answering.route);
  if (name === hiddenName) return hiddenText;
  return `${kind === "HTTPRoute" ? "" : `${kind} `}${name}@${answering.generation}`;
}

/** What stands for an object that the reader may not see. */
const hiddenName = namespacedName(hiddenText, "");

function showName(name: NamespacedName): string {
  return name === hiddenName ? hiddenText : name;
}
