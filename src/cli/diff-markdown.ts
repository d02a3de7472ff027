import type { WorldDiff } from "../core/world-diff.ts";
import {
  answerWords,
  comingWords,
  conditionWords,
  countWords,
  foldRequests,
  forwardedWords,
  ownerWords,
  pathWords,
  requestWords,
  verdictSentences,
  verdictWords,
} from "./diff-lines.ts";
import { objectWords } from "./object-words.ts";
import { printable } from "./text-table.ts";

/** Prints a comparison for a pull request: what concerns others in the open, the rest folded. */
export function diffMarkdown(diff: WorldDiff): string {
  const owners = diff.owners.map(({ gateway, port, hostname, path, before, after, foreign }) => [
    yes(foreign),
    `${gateway}:${port}`,
    hostname,
    path === undefined ? "" : pathWords(path),
    ownerWords(before),
    ownerWords(after),
  ]);
  const requests = foldRequests(diff.requests).map(
    ({ change: { gateway, request, before, after, foreign }, below }) => [
      yes(foreign),
      gateway,
      `${requestWords(request)}${below ? " and below" : ""}`,
      answerWords(before),
      answerWords(after),
    ],
  );
  return [
    `### Gatehouse: ${verdictSentences[diff.verdict]}\n`,
    table("Objects of the change", ["Object", "Action", "Conditions"], diff.objects.map(objectRow)),
    table("Objects of other namespaces", ["Object", "Gains", "Loses", "Conditions"], diff.others.map(otherRow)),
    table(
      "Hostnames and paths that change owner",
      ["Others", "Gateway", "Hostname", "Path", "Before", "After"],
      owners,
    ),
    table("Requests that are answered otherwise", ["Others", "Gateway", "Request", "Before", "After"], requests),
    table(
      "Connections and datagrams that go elsewhere",
      ["Others", "Gateway", "What", "Before", "After"],
      diff.forwarded.map((change) => [
        yes(change.foreign),
        `${change.gateway}:${change.port}`,
        comingWords(change),
        forwardedWords(change.before),
        forwardedWords(change.after),
      ]),
    ),
    proxies(diff.proxies),
    notes(diff.notes),
  ].join("");
}

type Row = readonly string[];

function objectRow({ object, action, refused, verdicts }: WorldDiff["objects"][number]): Row {
  const bad = verdicts.filter(({ good }) => !good).map(verdictWords);
  return [objectWords(object), refused ? `**${action}, refused**` : action, bad.join("\n")];
}

function otherRow({ object, gained, lost, conditions }: WorldDiff["others"][number]): Row {
  return [objectWords(object), gained.join("\n"), lost.join("\n"), conditions.map(conditionWords).join("\n")];
}

function yes(foreign: boolean): string {
  return foreign ? "yes" : "";
}

function table(title: string, titles: Row, rows: readonly Row[]): string {
  return rows.length === 0 ? "" : `\n#### ${title}\n\n${grid(titles, rows)}`;
}

function grid(titles: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.join(" | ")} |\n`;
  return `${line(titles)}${line(titles.map(() => "---"))}${rows.map((row) => line(row.map(cell))).join("")}`;
}

function proxies(changes: WorldDiff["proxies"]): string {
  const blocks = changes.map(({ gateway, fleet, resources }) => {
    const how = fleet === "unchanged" ? "" : ` (proxies ${fleet})`;
    const rows = resources.map(({ type, name, change }) => [change, type, name]);
    const summary = `<summary>Proxies of ${cell(gateway)}${how}: ${countWords(resources)}</summary>`;
    return `\n<details>\n${summary}\n\n${grid(["Change", "Type", "Name"], rows)}\n</details>\n`;
  });
  return blocks.join("");
}

function notes(list: readonly string[]): string {
  return list.length === 0 ? "" : `\n${list.map((note) => `- ${cell(note)}\n`).join("")}`;
}

/** Text that others wrote must neither break the table nor become markup, a mention or a link; bold is ours. */
function cell(text: string): string {
  const bold = /^\*\*(create|change|unchanged|forbidden), refused\*\*$/.test(text);
  if (bold) return text;
  return text
    .split("\n")
    .map((line) => printable(line).replace(/[\\`*_{}[\]<>#|~@!&]/g, (sign) => `&#${sign.charCodeAt(0)};`))
    .join("<br>");
}
