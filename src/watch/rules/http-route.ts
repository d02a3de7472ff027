import type { HttpPathMatch, HttpRouteMatch } from "../../core/gateway-api.ts";
import { quoteValue } from "../problem.ts";
import { backendPort, httpFilterRules, type LooseFilter } from "./http-filter.ts";
import { parentRefRules, uniqueRuleNames } from "./route.ts";
import { type RuleCheck, rulesFor } from "./rule.ts";
import { sessionPersistenceRules } from "./session-persistence.ts";

interface LooseRule {
  readonly name?: string;
  readonly matches: readonly HttpRouteMatch[];
  readonly filters?: readonly LooseFilter[];
  readonly backendRefs?: readonly { readonly filters?: readonly LooseFilter[] }[];
}

interface Timeouts {
  readonly request?: string;
  readonly backendRequest?: string;
}

const ruleList: readonly RuleCheck<readonly LooseRule[]>[] = [
  uniqueRuleNames,
  {
    name: "a route has at most 128 matches",
    cel: "dfef9215af4a",
    check: (rules) => {
      const total = rules.reduce((sum, { matches }) => sum + matches.length, 0);
      return total <= 128 ? undefined : `must have at most 128 matches in all (has ${total})`;
    },
  },
];

const oneRule: readonly RuleCheck<LooseRule>[] = [
  {
    name: "a rule that redirects has no backends",
    cel: "80d5779a116f",
    check: ({ backendRefs = [], filters = [] }) =>
      backendRefs.length > 0 && filters.some(({ requestRedirect }) => requestRedirect !== undefined)
        ? "must not have both backendRefs and a RequestRedirect filter"
        : undefined,
  },
  {
    name: "a redirect that replaces the prefix has one PathPrefix match",
    cel: "14c17d520e25",
    check: (rule) => prefixFault(rule, exactlyOne(rule.filters, redirectsPrefix), "RequestRedirect"),
  },
  {
    name: "a rewrite that replaces the prefix has one PathPrefix match",
    cel: "0fa5a331dde4",
    check: (rule) => prefixFault(rule, exactlyOne(rule.filters, rewritesPrefix), "URLRewrite"),
  },
  {
    name: "a backend's redirect that replaces the prefix has one PathPrefix match",
    cel: "06e14dab4fdb",
    check: (rule) =>
      prefixFault(
        rule,
        exactlyOne(rule.backendRefs, ({ filters }) => exactlyOne(filters, redirectsPrefix)),
        "RequestRedirect",
      ),
  },
  {
    name: "a backend's rewrite that replaces the prefix has one PathPrefix match",
    cel: "bf9fd4333dc7",
    check: (rule) =>
      prefixFault(
        rule,
        exactlyOne(rule.backendRefs, ({ filters }) => exactlyOne(filters, rewritesPrefix)),
        "URLRewrite",
      ),
  },
];

const pathMatch: readonly RuleCheck<HttpPathMatch>[] = [
  {
    name: "a path begins with '/'",
    cel: "d1b1dcc5e58d",
    check: literalPath((path) => !path.startsWith("/"), "must begin with '/'"),
  },
  ...[
    { part: "//", cel: "2a730cbab54f" },
    { part: "/./", cel: "8c3f86ff5007" },
    { part: "/../", cel: "ced0ffeab40b" },
    { part: "%2f", cel: "16add9e26d63" },
    { part: "%2F", cel: "5f510e9128a4" },
    { part: "#", cel: "209894350d71" },
  ].map(
    ({ part, cel }): RuleCheck<HttpPathMatch> => ({
      name: `a path does not contain '${part}'`,
      cel,
      check: literalPath((path) => path.includes(part), `must not contain '${part}'`),
    }),
  ),
  ...[
    { part: "/..", cel: "0c441c9dd7a1" },
    { part: "/.", cel: "c36405e2d074" },
  ].map(
    ({ part, cel }): RuleCheck<HttpPathMatch> => ({
      name: `a path does not end with '${part}'`,
      cel,
      check: literalPath((path) => path.endsWith(part), `must not end with '${part}'`),
    }),
  ),
  {
    name: "a path match has a known type",
    cel: "1267f0554fa2",
    check: ({ type }) =>
      type === "Exact" || type === "PathPrefix" || type === "RegularExpression" ? undefined : "must have a known type",
  },
  {
    name: "a path has only characters that a URL's path may have",
    cel: "67736b8f4210",
    check: literalPath((path) => !pathCharacters.test(path), "must hold only characters that a URL's path may have"),
  },
];

const timeouts: readonly RuleCheck<Timeouts>[] = [
  {
    name: "a backend's timeout is not longer than the request's",
    cel: "3f02004fba84",
    check: ({ request, backendRequest }) => {
      if (request === undefined || backendRequest === undefined) return undefined;
      const whole = milliseconds(request);
      return whole === 0 || milliseconds(backendRequest) <= whole
        ? undefined
        : `must not have a backendRequest (${backendRequest}) longer than its request (${request})`;
    },
  },
];

/** How the fields of an HTTPRoute fit together. */
export const httpRouteRules = [
  ...parentRefRules("HTTPRoute"),
  ...rulesFor("HTTPRoute", ["spec.rules"], ruleList),
  ...rulesFor("HTTPRoute", ["spec.rules[]"], oneRule),
  ...rulesFor("HTTPRoute", ["spec.rules[].matches[].path"], pathMatch),
  ...rulesFor("HTTPRoute", ["spec.rules[].timeouts"], timeouts),
  ...rulesFor("HTTPRoute", ["spec.rules[].backendRefs[]"], backendPort),
  ...sessionPersistenceRules("HTTPRoute"),
  ...httpFilterRules("spec.rules[].filters"),
  ...httpFilterRules("spec.rules[].backendRefs[].filters"),
];

const pathCharacters = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/;

/** As in the API, two filters or backends that do it leave the rule without effect: only exactly one is looked at. */
function exactlyOne<T>(items: readonly T[] | undefined, test: (item: T) => boolean): boolean {
  return (items ?? []).filter(test).length === 1;
}

function redirectsPrefix({ requestRedirect }: LooseFilter): boolean {
  const path = requestRedirect?.path;
  return path?.type === "ReplacePrefixMatch" && path.replacePrefixMatch !== undefined;
}

function rewritesPrefix({ urlRewrite }: LooseFilter): boolean {
  const path = urlRewrite?.path;
  return path?.type === "ReplacePrefixMatch" && path.replacePrefixMatch !== undefined;
}

function prefixFault({ matches }: LooseRule, replaces: boolean, filter: string): string | undefined {
  if (!replaces || (matches.length === 1 && matches[0]?.path.type === "PathPrefix")) return undefined;
  return `must have exactly one match, of the type PathPrefix, as its ${filter} filter replaces the prefix`;
}

function literalPath(isWrong: (path: string) => boolean, words: string): RuleCheck<HttpPathMatch>["check"] {
  return ({ type, value }) =>
    type !== "RegularExpression" && isWrong(value)
      ? `${words} when its type is ${type} (is ${quoteValue(value)})`
      : undefined;
}

function milliseconds(duration: string): number {
  let total = 0;
  for (const [, count, unit] of duration.matchAll(/(\d+)(ms|h|m|s)/g)) {
    total += Number(count) * (unit === "h" ? 3_600_000 : unit === "m" ? 60_000 : unit === "s" ? 1000 : 1);
  }
  return total;
}
