import type { AnswerShare, ExplainedBackend, RequestAnswer } from "../../core/explanation.ts";
import type { HttpPathMatch, HttpPathModifier } from "../../core/gateway-api.ts";
import { objectKey } from "../../core/keys.ts";
import { type BackendShare, shareRule } from "../envoy/backend-share.ts";
import { parseClusterName } from "../envoy/names.ts";
import type { RouteEntry } from "../nodes.ts";
import type { RoutingView } from "../pipeline.ts";
import type { Backend, Layer4Backend, RouteRule } from "../route-nodes.ts";
import { isOriginAllowed, isPreflightOf } from "./cors-preflight.ts";
import { matchesRequest } from "./matches-request.ts";
import { objectName } from "./object-name.ts";
import type { ReadRequest } from "./read-request.ts";
import { redirectLocation } from "./redirect-location.ts";

/** A request that a rule answers. */
export interface AskedRule {
  readonly request: ReadRequest;
  /** Port that the client connected to. */
  readonly port: number;
  /** Why nothing is sent to a cluster; undefined where it is. */
  readonly closed: (cluster: string) => string | undefined;
}

/** The rule of an entry as it is served; undefined only between two flushes. */
export function ruleOf(
  view: Pick<RoutingView, "routes">,
  { route, rule, servedAs }: RouteEntry,
): RouteRule | undefined {
  if (servedAs !== undefined) return servedAs;
  return view.routes.get(route)?.rules.find(({ index }) => index === rule);
}

/** Whether an entry answers a request: its match fits, or CORS makes it answer the preflight of one that it fits. */
export function entryAnswers(rule: RouteRule, { match }: RouteEntry, request: ReadRequest): boolean {
  if (matchesRequest(match, request)) return true;
  if (rule.broken !== undefined || !isPreflightOf(match, request)) return false;
  return shareRule(rule).some(({ filters }) => filters.cors !== undefined);
}

/** What a rule does with a request that one of its matches fits. */
export function ruleAnswer(rule: RouteRule, { match }: RouteEntry, asked: AskedRule): RequestAnswer {
  if (rule.broken !== undefined) {
    return { ...failure(rule, "The rule cannot be served as it is written"), message: rule.broken.message };
  }
  const shares = shareRule(rule);
  const answers = shares.map(
    (share): AnswerShare => ({
      weight: share.backends.reduce((sum, { weight }) => sum + weight, 0),
      answer: shareAnswer(share, {
        ...asked,
        rule,
        match: match.path,
        isPreflight: isPreflightOf(match, asked.request),
      }),
    }),
  );
  const [first] = answers;
  if (first === undefined) throw new Error("bug: a rule without any share");
  return answers.length === 1 ? first.answer : { kind: "split", shares: answers };
}

interface AskedShare extends AskedRule {
  readonly rule: RouteRule;
  readonly match: HttpPathMatch;
  readonly isPreflight: boolean;
}

function shareAnswer({ filters, backends }: BackendShare, asked: AskedShare): AnswerShare["answer"] {
  const { cors, redirect, rewrite } = filters;
  if (cors !== undefined && asked.isPreflight) {
    const allowed = isOriginAllowed(cors, asked.request);
    return { kind: "corsPreflight", status: allowed ? 200 : 204, allowed };
  }
  if (!fits(redirect?.path ?? rewrite?.path, asked.match)) {
    return failure(asked.rule, "A prefix can be replaced only where a prefix is matched");
  }
  if (redirect !== undefined) {
    return { kind: "redirect", status: redirect.statusCode, location: redirectLocation(redirect, asked) };
  }
  if (backends.length === 0) return failure(asked.rule, "The rule has no backend with a weight above 0");
  if (!backends.some(({ kind }) => kind === "cluster")) return unusable(asked.rule, backends);
  const reasons = backends.map((backend) => (backend.kind === "cluster" ? asked.closed(backend.cluster) : undefined));
  if (reasons.every((reason) => reason !== undefined)) {
    const reason = "Nothing is sent to any of the rule's backends";
    return { kind: "error", status: 503, reason, message: [...new Set(reasons)].join("; ") };
  }
  const told = backends.map((backend, index) => {
    const reason = reasons[index];
    return { ...explainBackend(backend), ...(reason !== undefined && { message: `answers 503: ${reason}` }) };
  });
  return { kind: "forward", backends: told };
}

function fits(modifier: HttpPathModifier | undefined, match: HttpPathMatch): boolean {
  return modifier?.type !== "ReplacePrefixMatch" || match.type === "PathPrefix";
}

function unusable(rule: RouteRule, backends: readonly Backend[]): AnswerShare["answer"] {
  const messages = backends.flatMap((backend) => (backend.kind === "invalid" ? [backend.rejection.message] : []));
  return { ...failure(rule, "None of the rule's backends can be used"), message: [...new Set(messages)].join("; ") };
}

function failure({ failureStatus }: RouteRule, reason: string) {
  return { kind: "error", status: failureStatus ?? 500, reason } as const;
}

/** A backend as explanations tell it. */
export function explainBackend(backend: Backend | Layer4Backend): ExplainedBackend {
  const { weight } = backend;
  if (backend.kind === "invalid") return { weight, message: backend.rejection.message };
  const { service, port } = parseClusterName(backend.cluster);
  return { service: objectName(objectKey("Service", service)), port, weight };
}
