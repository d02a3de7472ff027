/** The rules of HTTPRoutes and GRPCRoutes. */
import type { Reader } from "../collection/collection.ts";
import type { Rejection } from "../core/conditions.ts";
import type { HttpBackendRef, HttpRouteRule } from "../core/gateway-api.ts";
import type { ObjectKey } from "../core/keys.ts";
import { type BackendInputs, type RouteSource, resolveBackend } from "./backend.ts";
import { parseDuration } from "./duration.ts";
import { readFilters } from "./http-filters.ts";
import type { Backend, RequestMatch, RouteRule, RuleRetry } from "./route-nodes.ts";
import { ruleLabel } from "./rule-label.ts";
import { type ReadSession, readSession } from "./session.ts";

/** A rule in the terms of HTTPRoutes, with what its matches were made from. */
export interface RequestRule extends HttpRouteRule {
  readonly matches: readonly RequestMatch[];
}

export interface RuleInRoute {
  readonly route: ObjectKey;
  readonly from: RouteSource;
  readonly rule: RequestRule;
  readonly index: number;
  /** Why a match cannot be told to a proxy: the rule is dropped as a whole. */
  readonly matchProblem: string | undefined;
}

export interface ReadRule {
  /** Absent when the rule is dropped: what it matches cannot be told to a proxy. */
  readonly rule?: RouteRule;
  /** What makes the rule, or a part of it, invalid in itself. */
  readonly problem?: Rejection;
  readonly unresolved: readonly Rejection[];
}

/** Reads a rule and resolves what it refers to. */
export function readRule(
  read: Reader,
  inputs: BackendInputs,
  { route, from, rule, index, matchProblem }: RuleInRoute,
): ReadRule {
  if (matchProblem !== undefined) {
    return { problem: partiallyInvalid(`Dropped Rule ${ruleLabel(rule, index)}: ${matchProblem}`), unresolved: [] };
  }
  const session = readSession({ route, rule, index });
  const { filters, unresolved, ...ofFilters } = readFilters(read, inputs, from, rule.filters);
  const broken = ofFilters.broken ?? sessionRejection(session);
  const backends = (rule.backendRefs ?? []).map((ref) => readBackend(read, inputs, from, ref));
  const problem = findProblem(broken, backends, from);
  return {
    rule: {
      index,
      ...(rule.name === undefined ? {} : { name: rule.name }),
      matches: rule.matches,
      ...(upgradesToHttps(rule) && { upgradesToHttps: true }),
      filters,
      backends: backends.map(({ backend }) => backend),
      requestTimeoutMs: parseDuration(rule.timeouts?.request ?? ""),
      backendTimeoutMs: parseDuration(rule.timeouts?.backendRequest ?? ""),
      ...(rule.retry === undefined ? {} : { retry: readRetry(rule.retry) }),
      ...(session !== undefined && "session" in session && { session: session.session }),
      ...(from.kind === "GRPCRoute" && { failureStatus: 503 }),
      ...(broken === undefined ? {} : { broken }),
    },
    ...(problem === undefined ? {} : { problem: partiallyInvalid(`Dropped Rule ${ruleLabel(rule, index)}${problem}`) }),
    unresolved: [...unresolved, ...backends.flatMap((backend) => backend.unresolved)],
  };
}

/** What makes a rule invalid, in words that go on where it is named: all of it, or the first of its backends. */
function findProblem(
  broken: Rejection | undefined,
  backends: readonly ReadBackend[],
  from: RouteSource,
): string | undefined {
  if (broken?.condition === "PartiallyInvalid") return `, which answers ${failure(from)}: ${broken.message}`;
  const problem = backends.find((backend) => backend.problem !== undefined)?.problem;
  return problem && ` for ${problem}`;
}

/** Whether all that a rule does is to ask for the same by HTTPS. */
export function upgradesToHttps({ filters = [], backendRefs = [] }: HttpRouteRule): boolean {
  const [filter] = filters;
  if (filters.length !== 1 || filter?.type !== "RequestRedirect" || backendRefs.length > 0) return false;
  const { scheme, hostname, path } = filter.requestRedirect;
  return scheme === "https" && hostname === undefined && path === undefined;
}

interface ReadBackend {
  readonly backend: Backend;
  readonly problem?: string;
  readonly unresolved: readonly Rejection[];
}

/** A backend whose filters cannot be applied gets nothing: its share of the requests fails. */
function readBackend(read: Reader, inputs: BackendInputs, from: RouteSource, ref: HttpBackendRef): ReadBackend {
  const { weight } = ref;
  const resolved = resolveBackend(read, inputs, from, ref);
  if (resolved.kind === "invalid") return { backend: { ...resolved, weight }, unresolved: [resolved.rejection] };
  const { filters, broken, unresolved } = readFilters(read, inputs, from, ref.filters);
  if (broken === undefined) {
    return { backend: { kind: "cluster", cluster: resolved.cluster, weight, filters }, unresolved };
  }
  const backend: Backend = { kind: "invalid", weight, rejection: broken };
  if (broken.condition !== "PartiallyInvalid") return { backend, unresolved };
  return {
    backend,
    unresolved,
    problem: `backend ${ref.name}, whose requests answer ${failure(from)}: ${broken.message}`,
  };
}

function sessionRejection(session: ReadSession): Rejection | undefined {
  return session !== undefined && "problem" in session ? partiallyInvalid(session.problem) : undefined;
}

/** How messages call the answer of what cannot be served. */
function failure({ kind }: RouteSource): string {
  return kind === "GRPCRoute" ? "UNAVAILABLE" : "500";
}

function readRetry({ codes = [], attempts, backoff }: NonNullable<HttpRouteRule["retry"]>): RuleRetry {
  return { codes, attempts, ...(backoff === undefined ? {} : { backoffMs: parseDuration(backoff) }) };
}

/** The specification wants the message to begin with what became of the rule. */
function partiallyInvalid(message: string): Rejection {
  return { condition: "PartiallyInvalid", reason: "UnsupportedValue", message };
}
