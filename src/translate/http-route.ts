/** HTTPRoutes. https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
import type { Reader, Transform } from "../collection/collection.ts";
import { joinRejections, type Rejection } from "../core/conditions.ts";
import type { HttpBackendRef, HttpRoute, HttpRouteRule } from "../core/gateway-api.ts";
import { kinds, nameOf, objectKey } from "../core/keys.ts";
import { type BackendInputs, resolveBackend } from "./backend.ts";
import { parseDuration } from "./duration.ts";
import { findMatchProblems } from "./envoy/rule-checks.ts";
import { readFilters } from "./http-filters.ts";
import type { Backend, BoundRoute, ParentBinding, RouteRule, RuleRetry } from "./nodes.ts";
import type { OwnedMatch } from "./ownership/route-ownership.ts";
import type { ReferenceSource } from "./reference-grant.ts";
import { type BindingInputs, bindRoute } from "./route-binding.ts";
import { ruleLabel } from "./rule-label.ts";
import { matchId } from "./table-routes.ts";

export interface RouteInputs extends BindingInputs, BackendInputs {}

/** Binds HTTPRoutes and resolves what they refer to. A route none of whose parents is ours gives nothing. */
export function bindHttpRoute(inputs: RouteInputs): Transform<HttpRoute, BoundRoute> {
  return (read, _key, { metadata, spec }) => {
    const matchProblems = findMatchProblems(spec.rules);
    const { parents, claims, pending } = bindRoute(read, inputs, {
      kind: "HTTPRoute",
      metadata,
      parentRefs: spec.parentRefs ?? [],
      hostnames: spec.hostnames ?? [],
      matches: spec.rules.flatMap((rule, index) =>
        matchProblems[index] === undefined ? ownedMatches(rule, index) : [],
      ),
    });
    if (parents.length === 0) return [];
    const from = { group: kinds.HTTPRoute.group, kind: "HTTPRoute", namespace: metadata.namespace ?? "" };
    const readRules = spec.rules.map((rule, index) =>
      readRule(read, inputs, { from, rule, index, matchProblem: matchProblems[index] }),
    );
    const rules = readRules.flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
    const unresolved = joinRejections(readRules.flatMap((rule) => rule.unresolved));
    const invalid = joinRejections(readRules.flatMap(({ problem }) => (problem === undefined ? [] : [problem])));
    const key = objectKey("HTTPRoute", nameOf(metadata));
    const servable = rules.some(({ broken }) => broken === undefined) || invalid === undefined;
    const route: BoundRoute = {
      key,
      namespace: metadata.namespace ?? "",
      generation: metadata.generation,
      createdAt: metadata.creationTimestamp,
      parents: servable ? parents : parents.map((parent) => refuse(parent, invalid)),
      claims,
      pending,
      rules,
      ...(unresolved === undefined ? {} : { unresolved }),
      ...(servable && invalid !== undefined ? { partiallyInvalid: invalid } : {}),
    };
    return [[key, route]];
  };
}

function ownedMatches(rule: HttpRouteRule, index: number): readonly OwnedMatch[] {
  const upgrades = upgradesToHttps(rule);
  return rule.matches.map(({ path }, match) => ({ id: matchId(index, match), path, upgradesToHttps: upgrades }));
}

/** Whether all that a rule does is to ask for the same by HTTPS. */
function upgradesToHttps({ filters = [], backendRefs = [] }: HttpRouteRule): boolean {
  const [filter] = filters;
  if (filters.length !== 1 || filter?.type !== "RequestRedirect" || backendRefs.length > 0) return false;
  const { scheme, hostname, path } = filter.requestRedirect;
  return scheme === "https" && hostname === undefined && path === undefined;
}

interface RuleInRoute {
  readonly from: ReferenceSource;
  readonly rule: HttpRouteRule;
  readonly index: number;
  /** Why a match cannot be told to a proxy: the rule is dropped as a whole. */
  readonly matchProblem: string | undefined;
}

interface ReadRule {
  /** Absent when the rule is dropped: what it matches cannot be told to a proxy. */
  readonly rule?: RouteRule;
  /** What makes the rule, or a part of it, invalid in itself. */
  readonly problem?: Rejection;
  readonly unresolved: readonly Rejection[];
}

function readRule(read: Reader, inputs: BackendInputs, { from, rule, index, matchProblem }: RuleInRoute): ReadRule {
  if (matchProblem !== undefined) {
    return { problem: partiallyInvalid(`Dropped Rule ${ruleLabel(rule, index)}: ${matchProblem}`), unresolved: [] };
  }
  const { filters, broken, unresolved } = readFilters(read, inputs, from, rule.filters);
  const backends = (rule.backendRefs ?? []).map((ref) => readBackend(read, inputs, from, ref));
  const problem =
    broken?.condition === "PartiallyInvalid"
      ? partiallyInvalid(`Dropped Rule ${ruleLabel(rule, index)}, which answers 500: ${broken.message}`)
      : backends.flatMap(({ problem }) =>
          problem === undefined ? [] : [partiallyInvalid(`Dropped Rule ${ruleLabel(rule, index)} for ${problem}`)],
        )[0];
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
      ...(broken === undefined ? {} : { broken }),
    },
    ...(problem === undefined ? {} : { problem }),
    unresolved: [...unresolved, ...backends.flatMap((backend) => backend.unresolved)],
  };
}

interface ReadBackend {
  readonly backend: Backend;
  readonly problem?: string;
  readonly unresolved: readonly Rejection[];
}

/** A backend whose filters cannot be applied gets nothing: its share of the requests answers 500. */
function readBackend(read: Reader, inputs: BackendInputs, from: ReferenceSource, ref: HttpBackendRef): ReadBackend {
  const { weight } = ref;
  const resolved = resolveBackend(read, inputs, from, ref);
  if (resolved.kind === "invalid") return { backend: { ...resolved, weight }, unresolved: [resolved.rejection] };
  const { filters, broken, unresolved } = readFilters(read, inputs, from, ref.filters);
  if (broken === undefined) {
    return { backend: { kind: "cluster", cluster: resolved.cluster, weight, filters }, unresolved };
  }
  const backend: Backend = { kind: "invalid", weight, rejection: broken };
  if (broken.condition !== "PartiallyInvalid") return { backend, unresolved };
  return { backend, unresolved, problem: `backend ${ref.name}, whose requests answer 500: ${broken.message}` };
}

function readRetry({ codes = [], attempts, backoff }: NonNullable<HttpRouteRule["retry"]>): RuleRetry {
  return { codes, attempts, ...(backoff === undefined ? {} : { backoffMs: parseDuration(backoff) }) };
}

/** The specification wants the message to begin with what became of the rule. */
function partiallyInvalid(message: string): Rejection {
  return { condition: "PartiallyInvalid", reason: "UnsupportedValue", message };
}

/** A route without a rule that could be served is not accepted; what refused it before stays the reason. */
function refuse(parent: ParentBinding, invalid: Rejection | undefined): ParentBinding {
  if (parent.rejection !== undefined || invalid === undefined) return parent;
  return { ...parent, rejection: { ...invalid, condition: "Accepted" }, attachments: [] };
}
