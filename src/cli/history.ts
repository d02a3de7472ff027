import { type Command, Option } from "commander";
import { hiddenText } from "../core/hidden-object.ts";
import type { AnsweredPath, AnsweredPlace, AnsweringRoute, HistoryReport, ToldChange } from "../core/history.ts";
import { type NamespacedName, namespacedName, parseObjectKey } from "../core/keys.ts";
import { type CommandIo, dataFormats, exitCodes } from "./command-io.ts";
import { type AskOptions, addAskOptions, askGatehouse } from "./live.ts";
import { printData } from "./print-data.ts";
import { printable, textTable } from "./text-table.ts";

interface HistoryOptions extends AskOptions {
  readonly output: "table" | (typeof dataFormats)[number];
}

/** Adds `gatehouse history`, which asks a running control plane who answers a host, and who did before. */
export function addHistory(program: Command, io: CommandIo): void {
  const command = program
    .command("history")
    .description(
      "show who answers a host, and every time that another route came to, as a running control plane saw it",
    )
    .argument("<host>", "HOST or HOST/PATH, such as shop.example.com/cart; * for hosts that nothing else has")
    .addOption(new Option("-o, --output <format>", "format").choices(["table", ...dataFormats]).default("table"));
  addAskOptions(command).action(async (asked: string, options: HistoryOptions) => {
    const { host, path } = parseAsked(asked);
    const answer = await askGatehouse(options, {
      path: "/v1/history",
      body: { hostname: host, ...(path !== undefined && { path }) },
      debugPage: `/debug/history?${new URLSearchParams({ host, ...(path !== undefined && { path }) })}`,
    });
    if (answer.kind === "failed") return fail(io, answer.message);
    // Our own endpoint answers.
    const report = answer.value as HistoryReport;
    const isEmpty = report.current.length === 0 && report.changes.length === 0;
    if (options.output !== "table") io.stdout.write(printData(report, options.output));
    else if (!isEmpty) io.stdout.write(historyTable(report));
    if (isEmpty) fail(io, `nothing is known about ${asked}`);
  });
}

function fail(io: CommandIo, message: string): void {
  io.stderr.write(`error: ${printable(message)}\n`);
  io.exitWith(exitCodes.failure);
}

/** Splits what was asked for; a scheme, a port, a query and a fragment say nothing here. */
export function parseAsked(asked: string): { readonly host: string; readonly path?: string } {
  const rest = asked.replace(/^[a-z]+:\/\//i, "").replace(/[?#].*$/s, "");
  const slash = rest.indexOf("/");
  const host = (slash < 0 ? rest : rest.slice(0, slash)).replace(/:\d+$/, "");
  return slash < 0 ? { host } : { host, path: rest.slice(slash) };
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

function placeCells({ gateway, port, hostname, path }: AnsweredPlace): readonly string[] {
  return [`${showName(gateway)}:${port}`, hostname === "" ? "*" : hostname, showPath(path)];
}

function showPath({ type, value, condition }: AnsweredPath): string {
  return `${type} ${value}${condition === undefined ? "" : ` (${condition})`}`;
}

function showRoute(answering: AnsweringRoute | undefined): string {
  if (answering === undefined) return "nobody";
  const { name } = parseObjectKey(answering.route);
  return name === hiddenName ? hiddenText : `${name}@${answering.generation}`;
}

/** What stands for an object that the reader may not see. */
const hiddenName = namespacedName(hiddenText, "");

function showName(name: NamespacedName): string {
  return name === hiddenName ? hiddenText : name;
}
