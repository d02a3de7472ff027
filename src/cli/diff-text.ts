import type { ObjectChange, OtherChange, ProxyChange, WorldDiff } from "../core/world-diff.ts";
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

/** Prints a comparison for a terminal: one section for each question that has an answer. */
export function diffText(diff: WorldDiff): string {
  const sections = [
    section("Objects of the change", diff.objects.flatMap(objectLines)),
    section(
      "Hostnames and paths that change owner",
      diff.owners.flatMap(({ gateway, port, hostname, path, before, after, foreign }) => [
        `${mark(foreign)}${gateway}:${port} ${hostname}${path ? ` ${pathWords(path)}` : ""}: ${ownerWords(before)} → ${ownerWords(after)}`,
      ]),
    ),
    section(
      "Requests that are answered otherwise",
      foldRequests(diff.requests).flatMap(({ change: { gateway, request, before, after, foreign }, below }) => [
        `${mark(foreign)}${requestWords(request)}${below ? " and below" : ""} at ${gateway}`,
        `    ${answerWords(before)}`,
        `  → ${answerWords(after)}`,
      ]),
    ),
    section(
      "Connections and datagrams that go elsewhere",
      diff.forwarded.flatMap((change) => [
        `${mark(change.foreign)}${comingWords(change)} at ${change.gateway}:${change.port}`,
        `    ${forwardedWords(change.before)}`,
        `  → ${forwardedWords(change.after)}`,
      ]),
    ),
    section("Objects of other namespaces", diff.others.flatMap(otherLines)),
    section("Proxies", diff.proxies.flatMap(proxyLines)),
    section("Notes", diff.notes),
  ];
  const foreign = [...diff.owners, ...diff.requests, ...diff.forwarded].some((each) => each.foreign);
  const legend = foreign ? " What concerns them is marked with !." : "";
  return `${verdictSentences[diff.verdict]}${legend}\n${sections.join("")}`;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `\n${title}:\n${lines.map((line) => `  ${printable(line)}\n`).join("")}`;
}

/** Marks what concerns others. */
function mark(foreign: boolean): string {
  return foreign ? "! " : "";
}

function objectLines({ object, action, refused, verdicts }: ObjectChange): readonly string[] {
  const bad = verdicts.filter(({ good }) => !good);
  return [
    `${objectWords(object)}: ${action}${refused ? ", refused" : ""}`,
    ...bad.map((verdict) => `  ${verdictWords(verdict)}`),
  ];
}

function otherLines({ object, gained, lost, conditions, refused }: OtherChange): readonly string[] {
  return [
    `${objectWords(object)}${refused ? ": refused" : ""}`,
    ...gained.map((host) => `  gains ${host}`),
    ...lost.map((host) => `  loses ${host}`),
    ...conditions.map((condition) => `  ${conditionWords(condition)}`),
  ];
}

function proxyLines({ gateway, fleet, resources }: ProxyChange): readonly string[] {
  const how = fleet === "unchanged" ? "" : ` (proxies ${fleet})`;
  return [
    `Gateway ${gateway}${how}: ${countWords(resources)}`,
    ...resources.map(({ type, name, change }) => `  ${change} ${type} ${name}`),
  ];
}
