import type {
  Acknowledgement,
  ExplainedHost,
  ExplainedRule,
  ListenerExplanation,
  ParentExplanation,
  ReachedMatch,
  RouteExplanation,
} from "../core/explanation.ts";
import { isHidden } from "../core/hidden-object.ts";
import { backendsText, lines, listenerText, matchWords, objectText } from "./explain-text.ts";

/** Prints how a route is served: parent by parent, listener by listener. */
export function routeText({ route, found, parents, rules, partiallyInvalid }: RouteExplanation): string {
  if (!found) return lines([`There is no ${objectText(route)}`]);
  return lines([
    objectText(route),
    ...(parents.length === 0 ? ["", "It names no parent"] : parents.flatMap(parentLines)),
    ...(rules.length === 0 ? [] : ["", "Rules"]),
    ...rules.map((rule) => `  ${ruleWords(rule)}  ${ruleText(rule, refusalWords(route.kind))}`),
    ...(partiallyInvalid === undefined ? [] : [`  ${partiallyInvalid}`]),
  ]);
}

function parentLines(explanation: ParentExplanation): readonly string[] {
  const { parent, sectionName, port, attached, reason, message, listeners, refusals } = explanation;
  const section = sectionName === undefined ? "" : `, listener ${sectionName}`;
  const state = attached ? "attached" : `not attached${reason === undefined ? "" : ` (${reason})`}`;
  return [
    "",
    `${objectText(parent)}${section}${port === undefined ? "" : `, port ${port}`}: ${state}`,
    ...(message === undefined ? [] : [`  ${message}`]),
    ...refusals
      .filter((refusal) => message?.includes(refusal.message) !== true)
      .map((refusal) => `  ${refusal.enforced ? "refused" : "would be refused"}: ${refusal.message}`),
    ...listeners.flatMap(listenerLines),
  ];
}

function listenerLines({ listener, attached, reason, hosts, acknowledgement }: ListenerExplanation): readonly string[] {
  const why = reason === undefined ? "" : `: ${reason}`;
  return [
    `  ${attached ? "✓" : "✗"} ${listenerText(listener)}${why}`,
    ...hosts.flatMap(hostLines),
    ...(acknowledgement === undefined ? [] : [`      ${acknowledgedText(acknowledgement)}`]),
    ...(acknowledgement?.refusals ?? []).map((refusal) => `      refused by a proxy: ${refusal}`),
  ];
}

function acknowledgedText({ acknowledged, connected, silentReplicas }: Acknowledgement): string {
  const silent = silentReplicas === undefined ? "" : `; replicas that did not say: ${silentReplicas}`;
  return `acknowledged by ${acknowledged} of ${connected} proxies${silent}`;
}

function hostLines({ hostname, written, matches, shadowedBy }: ExplainedHost): readonly string[] {
  const lost = shadowedBy && `: never reached, ${objectText(shadowedBy.route)} comes first (${shadowedBy.criterion})`;
  return [
    `      ${hostname}${written === hostname ? "" : `, by the route's ${written}`}${lost ?? ""}`,
    ...matches.map((match) => `        ${stateMarks[match.state]} ${reachedText(match)}`),
  ];
}

const stateMarks = { reachable: "✓", shadowed: "✗", withheld: "✗" } as const;

function reachedText({ rule, ruleName, matchIndex, match, state, shadowedBy }: ReachedMatch): string {
  const name = `rule ${rule}${ruleName === undefined ? "" : ` (${ruleName})`} match ${matchIndex}, ${matchWords(match)}`;
  if (state === "withheld") return `${name}: withheld, somebody else owns it`;
  if (shadowedBy === undefined) return name;
  const { route, rule: by, criterion } = shadowedBy;
  const winner = isHidden(route) ? objectText(route) : `${objectText(route)} rule ${by}`;
  return `${name}: never reached, ${winner} comes first (${criterion})`;
}

function ruleWords({ index, name }: ExplainedRule): string {
  return `${index}${name === undefined ? "" : ` (${name})`}`;
}

function ruleText({ kind, backends, message }: ExplainedRule, { verb, word }: RefusalWords): string {
  if (kind === "error") return `${verb}: ${message ?? "it cannot be served"}`;
  if (kind === "redirect") return "redirects";
  return backends.length === 0 ? `${verb}: it has no backend` : backendsText(backends, word);
}

/** What becomes of what a rule cannot serve. */
interface RefusalWords {
  readonly verb: string;
  /** In the place of a backend. */
  readonly word: string;
}

function refusalWords(kind: string): RefusalWords {
  if (kind === "UDPRoute") return { verb: "drops datagrams", word: "dropped" };
  if (kind === "TCPRoute" || kind === "TLSRoute") return { verb: "closes connections", word: "closed" };
  return { verb: "answers 500", word: "500" };
}
