import type { ExplainedMatch, Rival } from "../../core/explanation.ts";
import { decidingCriterion } from "../criterion.ts";
import type { RouteEntry, VirtualHost } from "../nodes.ts";
import type { RoutingView } from "../pipeline.ts";
import { objectName, showHostname } from "./object-name.ts";
import type { ReadRequest } from "./read-request.ts";
import { entryAnswers, ruleOf } from "./rule-answer.ts";

/** An entry that fits a request, with the virtual host in which it stands. */
export interface FittingEntry {
  readonly host: VirtualHost;
  readonly entry: RouteEntry;
}

/** The entries of a virtual host that fit a request, in order of precedence: the first answers. */
export function* fittingEntries(
  view: Pick<RoutingView, "routes">,
  host: VirtualHost,
  request: ReadRequest,
): Generator<FittingEntry> {
  for (const entry of host.entries) {
    const rule = ruleOf(view, entry);
    if (rule !== undefined && entryAnswers(rule, entry, request)) yield { host, entry };
  }
}

/** A match as explanations tell it. */
export function explainMatch(view: Pick<RoutingView, "routes">, { host, entry }: FittingEntry): ExplainedMatch {
  const ruleName = ruleOf(view, entry)?.name;
  return {
    route: objectName(entry.route),
    rule: entry.rule,
    ...(ruleName !== undefined && { ruleName }),
    matchIndex: Number(entry.id.slice(entry.id.indexOf(".") + 1)),
    match: entry.match,
    hostname: showHostname(host.hostname),
  };
}

/** What lost against the winner within one virtual host, with what decided. */
export function rivalsWithin(
  view: Pick<RoutingView, "routes">,
  winner: FittingEntry,
  losers: readonly FittingEntry[],
): readonly Rival[] {
  return losers.map((loser) => ({
    ...explainMatch(view, loser),
    criterion: decidingCriterion(winner.entry, loser.entry),
  }));
}

/** What lost because another hostname, or another listener, was the more specific one: also where nothing answers there. */
export function rivalsElsewhere(
  view: Pick<RoutingView, "routes">,
  losers: readonly FittingEntry[],
  criterion: "a more specific hostname" | "a more specific listener",
): readonly Rival[] {
  return losers.map((loser) => ({ ...explainMatch(view, loser), criterion }));
}
