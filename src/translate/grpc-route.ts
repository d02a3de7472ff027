/** GRPCRoutes. https://gateway-api.sigs.k8s.io/reference/spec/#grpcroute */
import type { Transform } from "../collection/collection.ts";
import type { GrpcRoute, GrpcRouteRule } from "../core/gateway-api.ts";
import { findMatchProblems } from "./envoy/rule-checks.ts";
import { findCallProblem, requestMatch } from "./grpc-match.ts";
import { bindRequestRoute, type RouteInputs } from "./request-route.ts";
import type { RequestRule } from "./request-rule.ts";
import type { BoundRoute } from "./route-nodes.ts";

/**
 * Binds GRPCRoutes and resolves what they refer to. A route none of whose parents is ours gives nothing. A call is a request
 * for the path of its method, so the rules become those of requests for paths.
 */
export function bindGrpcRoute(inputs: RouteInputs): Transform<GrpcRoute, BoundRoute> {
  return (read, _key, { metadata, spec }) => {
    const written = spec.rules ?? [];
    const rules = written.map(requestRule);
    const problems = findMatchProblems(rules);
    const matchProblems = written.map((rule, index) => callProblem(rule) ?? problems[index]);
    return bindRequestRoute(read, inputs, { kind: "GRPCRoute", metadata, ...spec, rules, matchProblems });
  };
}

function requestRule({ matches = [], ...others }: GrpcRouteRule): RequestRule {
  return { ...others, matches: (matches.length === 0 ? [{}] : matches).map(requestMatch) };
}

function callProblem({ matches = [] }: GrpcRouteRule): string | undefined {
  return matches.map(({ method }) => findCallProblem(method)).find((problem) => problem !== undefined);
}
