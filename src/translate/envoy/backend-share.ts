import {
  EnvoyTypeV3FractionalPercentDenominatorType as Denominator,
  type EnvoyTypeV3FractionalPercent,
} from "../../../proto/gen/types.ts";
import type { Backend, RouteRule, RuleFilters } from "../route-nodes.ts";
import { joinModifiers } from "./header-mutation.ts";

/** A part of a rule's requests that one Envoy route can serve. */
export interface BackendShare {
  /** Backends among which its requests are spread by weight; all have a weight above 0. */
  readonly backends: readonly Backend[];
  /** The rule's filters, with the backend's own where it is one backend's share. */
  readonly filters: RuleFilters;
  /** Envoy's random number of a request must be below; absent takes all that earlier shares left. */
  readonly upTo?: EnvoyTypeV3FractionalPercent;
}

/**
 * Divides a rule into shares: one, unless a backend has a filter that Envoy knows for routes only. Then each backend gets its
 * own, and its part of the requests by a threshold: Envoy compares one random number per request with all of them.
 */
export function shareRule(rule: RouteRule): readonly BackendShare[] {
  const backends = rule.backends.filter(({ weight }) => weight > 0);
  if (!backends.some(needsOwnRoute)) return [wholeRule(rule, backends)];
  const total = backends.reduce((sum, { weight }) => sum + weight, 0);
  let below = 0;
  return backends.map((backend, index) => {
    below += backend.weight;
    const filters = joinFilters(rule.filters, backend);
    const share = { backends: [withoutFilters(backend)], filters };
    if (index === backends.length - 1) return share;
    return { ...share, upTo: { numerator: Math.round((below / total) * 1e6), denominator: Denominator.MILLION } };
  });
}

const noFilters: RuleFilters = { mirrors: [] };

/**
 * All of a rule's requests. Envoy lets a weighted cluster act before its route, which would have the last word: when a backend
 * changes headers or the hostname, what the rule does to them moves into each of its clusters.
 */
function wholeRule({ filters }: RouteRule, backends: readonly Backend[]): BackendShare {
  if (filters.redirect !== undefined || !backends.some(changesRequests)) return { backends, filters };
  const { requestHeaders, responseHeaders, rewrite, ...others } = filters;
  const perBackend: RuleFilters = {
    ...(requestHeaders && { requestHeaders }),
    ...(responseHeaders && { responseHeaders }),
    ...(rewrite?.hostname !== undefined && { rewrite: { hostname: rewrite.hostname } }),
    mirrors: [],
  };
  const joined = backends.map((backend) =>
    backend.kind === "invalid" ? backend : { ...backend, filters: joinFilters(perBackend, backend) },
  );
  return { backends: joined, filters: { ...others, ...(rewrite?.path && { rewrite: { path: rewrite.path } }) } };
}

function changesRequests(backend: Backend): boolean {
  if (backend.kind === "invalid") return false;
  const { requestHeaders, responseHeaders, rewrite } = backend.filters;
  return requestHeaders !== undefined || responseHeaders !== undefined || rewrite !== undefined;
}

function needsOwnRoute(backend: Backend): boolean {
  if (backend.kind === "invalid") return false;
  const { redirect, rewrite, cors, mirrors } = backend.filters;
  return redirect !== undefined || rewrite?.path !== undefined || cors !== undefined || mirrors.length > 0;
}

function withoutFilters(backend: Backend): Backend {
  return backend.kind === "invalid" ? backend : { ...backend, filters: noFilters };
}

/** The rule's filters come first; of those that can act only once, the backend's takes the rule's place. */
function joinFilters(rule: RuleFilters, backend: Backend): RuleFilters {
  const own = backend.kind === "invalid" ? noFilters : backend.filters;
  const requestHeaders = joinModifiers(rule.requestHeaders, own.requestHeaders);
  const responseHeaders = joinModifiers(rule.responseHeaders, own.responseHeaders);
  const rewrite = rule.rewrite === undefined ? own.rewrite : { ...rule.rewrite, ...own.rewrite };
  const redirect = own.redirect ?? rule.redirect;
  const cors = own.cors ?? rule.cors;
  return {
    ...(requestHeaders && { requestHeaders }),
    ...(responseHeaders && { responseHeaders }),
    ...(rewrite && { rewrite }),
    ...(redirect && { redirect }),
    ...(cors && { cors }),
    mirrors: [...rule.mirrors, ...own.mirrors],
  };
}
