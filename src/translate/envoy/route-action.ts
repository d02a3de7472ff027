import {
  EnvoyTypeV3FractionalPercentDenominatorType as Denominator,
  type EnvoyConfigRouteV3RouteAction,
  type EnvoyConfigRouteV3RouteActionRequestMirrorPolicy,
  type EnvoyConfigRouteV3WeightedClusterClusterWeight,
  type EnvoyTypeV3FractionalPercent,
  type GoogleProtobufAny,
  EnvoyConfigRouteV3RouteActionClusterNotFoundResponseCode as NotFoundCode,
} from "../../../proto/gen/types.ts";
import type { HttpPathMatch, HttpUrlRewrite } from "../../core/gateway-api.ts";
import type { Backend, Mirror, RouteRule } from "../route-nodes.ts";
import type { BackendShare } from "./backend-share.ts";
import { durationOf } from "./duration.ts";
import { headerMutation } from "./header-mutation.ts";
import { invalidBackendCluster } from "./names.ts";
import { rewriteFullPath, rewritePrefix } from "./path-rewrite.ts";
import { retryPolicy } from "./retry.ts";
import { sessionConfig } from "./session.ts";

/** Prints where a share's requests go, and how; undefined when none of its backends can take any. */
export function routeAction(
  rule: RouteRule,
  share: BackendShare,
  path: HttpPathMatch,
): EnvoyConfigRouteV3RouteAction | undefined {
  if (!share.backends.some(({ kind }) => kind === "cluster")) return undefined;
  const retry = retryPolicy(rule);
  const mirrors = mirrorPolicies(share);
  return {
    ...destination(rule, share.backends),
    timeout: durationOf(rule.requestTimeoutMs),
    ...(retry && { retryPolicy: retry }),
    ...rewriteAction(share.filters.rewrite, path),
    ...(mirrors.length > 0 && { requestMirrorPolicies: mirrors }),
  };
}

function destination(rule: RouteRule, backends: readonly Backend[]): EnvoyConfigRouteV3RouteAction {
  const [only] = backends;
  if (backends.length === 1 && only?.kind === "cluster" && !changesRequests(only)) return { cluster: only.cluster };
  return {
    weightedClusters: {
      clusters: backends.map((backend) =>
        weightedCluster(backend, backends.length > 1 ? sessionConfig(rule, backend) : undefined),
      ),
    },
    // The share of invalid backends is sent to a cluster that does not exist.
    ...(backends.some(({ kind }) => kind === "invalid") && {
      clusterNotFoundResponseCode:
        rule.failureStatus === 503 ? NotFoundCode.SERVICE_UNAVAILABLE : NotFoundCode.INTERNAL_SERVER_ERROR,
    }),
  };
}

function changesRequests({ filters }: Extract<Backend, { kind: "cluster" }>): boolean {
  return filters.requestHeaders !== undefined || filters.responseHeaders !== undefined || filters.rewrite !== undefined;
}

/** Where several backends share a route, each tells of its session itself. */
function weightedCluster(
  backend: Backend,
  session: Readonly<Record<string, GoogleProtobufAny>> | undefined,
): EnvoyConfigRouteV3WeightedClusterClusterWeight {
  const weight = { value: backend.weight };
  if (backend.kind === "invalid") return { name: invalidBackendCluster, weight };
  const request = headerMutation(backend.filters.requestHeaders);
  const response = headerMutation(backend.filters.responseHeaders);
  const hostname = backend.filters.rewrite?.hostname;
  return {
    name: backend.cluster,
    weight,
    ...(request.toAdd && { requestHeadersToAdd: request.toAdd }),
    ...(request.toRemove && { requestHeadersToRemove: request.toRemove }),
    ...(response.toAdd && { responseHeadersToAdd: response.toAdd }),
    ...(response.toRemove && { responseHeadersToRemove: response.toRemove }),
    ...(hostname !== undefined && { hostRewriteLiteral: hostname }),
    ...(session && { typedPerFilterConfig: session }),
  };
}

function rewriteAction(rewrite: HttpUrlRewrite | undefined, match: HttpPathMatch): EnvoyConfigRouteV3RouteAction {
  if (rewrite === undefined) return {};
  const { hostname, path } = rewrite;
  const onHost = hostname === undefined ? {} : { hostRewriteLiteral: hostname };
  if (path === undefined) return onHost;
  if (path.type === "ReplaceFullPath") return { ...onHost, ...rewriteFullPath(path.replaceFullPath) };
  return { ...onHost, ...rewritePrefix(match, path.replacePrefixMatch) };
}

function mirrorPolicies(share: BackendShare): readonly EnvoyConfigRouteV3RouteActionRequestMirrorPolicy[] {
  // Envoy draws backends, shares and mirrors from one random number: taken modulo numbers of different size, the digits
  // that decide one do not decide the other.
  const denominators = share.upTo === undefined && share.backends.length > 1 ? coarseLast : coarseFirst;
  return share.filters.mirrors
    .filter(({ numerator }) => numerator > 0)
    .map((mirror) => ({
      cluster: mirror.cluster,
      ...(mirror.numerator < mirror.denominator && {
        runtimeFraction: { defaultValue: fractionOf(mirror, denominators) },
      }),
      // The copy is the request: without this Envoy would add `-shadow` to its Host.
      disableShadowHostSuffixAppend: true,
    }));
}

const coarseFirst = [
  [100, Denominator.HUNDRED],
  [10_000, Denominator.TEN_THOUSAND],
  [1_000_000, Denominator.MILLION],
] as const;

const coarseLast = [[1_000_000, Denominator.MILLION]] as const;

function fractionOf(
  mirror: Mirror,
  denominators: typeof coarseFirst | typeof coarseLast,
): EnvoyTypeV3FractionalPercent {
  const scaled = denominators.map(([of, denominator]) => ({
    numerator: (mirror.numerator * of) / mirror.denominator,
    denominator,
  }));
  const exact = scaled.find(({ numerator }) => Number.isInteger(numerator)) ?? scaled.at(-1);
  return { numerator: Math.round(exact?.numerator ?? 0), denominator: exact?.denominator ?? Denominator.MILLION };
}
