import type {
  EnvoyConfigCoreV3Metadata,
  EnvoyConfigRouteV3Route,
  EnvoyConfigRouteV3RouteMatch,
} from "../../../proto/gen/types.ts";
import { encodeMessage } from "../../../proto/messages.ts";
import type { HttpRouteMatch } from "../../core/gateway-api.ts";
import { type ObjectKey, parseNamespacedName, parseObjectKey } from "../../core/keys.ts";
import type { RouteRule } from "../route-nodes.ts";
import { routeMetadataName } from "./access-log.ts";
import type { BackendShare } from "./backend-share.ts";
import { type CorsVariant, corsFilterName, corsVariants } from "./cors.ts";
import { headerMutation } from "./header-mutation.ts";
import { routeName } from "./names.ts";
import { modifierFitsMatch } from "./path-rewrite.ts";
import { printRedirect } from "./redirect.ts";
import { routeAction } from "./route-action.ts";
import { routeMatch } from "./route-match.ts";
import { type SessionShare, sessionConfig, sessionShares } from "./session.ts";

/** What the routes of a rule depend on besides the rule. */
export interface RouteContext {
  readonly route: ObjectKey;
  /** Port that clients use. */
  readonly port: number;
  readonly scheme: "http" | "https";
}

/**
 * Prints one match of a rule as encoded envoy.config.route.v3.Route messages, to be tried in order. It is one, except where
 * backends have filters that Envoy has for whole routes only, or where an answer depends on the request's Host or method.
 */
export function printRoutes(rule: RouteRule, match: HttpRouteMatch, context: RouteContext): readonly Uint8Array[] {
  const name = routeName(context.route, rule);
  const messages =
    rule.broken === undefined
      ? sessionShares(rule).flatMap((share) => shareRoutes(share, { rule, match, context }))
      : [{ match: routeMatch(match), directResponse: { status: rule.failureStatus ?? 500 } }];
  const metadata = accessLogMetadata(rule, context);
  return messages.map((message) => encodeMessage("envoy.config.route.v3.Route", { name, metadata, ...message }));
}

/** What the access log tells of a route. */
function accessLogMetadata(rule: RouteRule, { route }: RouteContext): EnvoyConfigCoreV3Metadata {
  const { namespace = "", name } = parseNamespacedName(parseObjectKey(route).name);
  const texts = { namespace, route: name, rule: rule.name ?? String(rule.index) };
  const fields = Object.fromEntries(Object.entries(texts).map(([key, stringValue]) => [key, { stringValue }]));
  return { filterMetadata: { [routeMetadataName]: { fields } } };
}

interface RuleMatch {
  readonly rule: RouteRule;
  readonly match: HttpRouteMatch;
  readonly context: RouteContext;
}

function shareRoutes(share: SessionShare, { rule, match, context }: RuleMatch): readonly EnvoyConfigRouteV3Route[] {
  const fraction = share.upTo === undefined ? {} : { runtimeFraction: { defaultValue: share.upTo } };
  const { cors } = share.filters;
  const variants = cors === undefined ? [{ match: routeMatch(match) }] : corsVariants(cors, match);
  const changes = routeChanges(share);
  return variants.flatMap((variant: CorsVariant): readonly EnvoyConfigRouteV3Route[] => {
    const headers = [...(variant.match.headers ?? []), ...(share.inSession === undefined ? [] : [share.inSession])];
    const on = { ...variant.match, ...fraction, ...(headers.length > 0 && { headers }) };
    if (cors !== undefined && variant.policy === undefined) return [{ match: on, directResponse: { status: 204 } }];
    const routes = answers(share, on, { rule, match, context });
    return routes.map((route) => ({ ...route, ...changes, ...filterConfig(route, share, { rule, variant }) }));
  });
}

/** What filters are told of a route. Where several backends share it, each cluster tells of its session itself. */
function filterConfig(
  { route }: EnvoyConfigRouteV3Route,
  { backends }: BackendShare,
  { rule, variant }: { readonly rule: RouteRule; readonly variant: CorsVariant },
): EnvoyConfigRouteV3Route {
  const [only] = backends;
  const session =
    route !== undefined && only !== undefined && backends.length === 1 ? sessionConfig(rule, only) : undefined;
  const typedPerFilterConfig = { ...(variant.policy && { [corsFilterName]: variant.policy }), ...session };
  return Object.keys(typedPerFilterConfig).length > 0 ? { typedPerFilterConfig } : {};
}

/** What a route does with a request: redirect it, pass it on, or fail when it can do neither. */
function answers(
  share: BackendShare,
  on: EnvoyConfigRouteV3RouteMatch,
  { rule, match, context }: RuleMatch,
): readonly EnvoyConfigRouteV3Route[] {
  const { redirect, rewrite } = share.filters;
  const cannot = [{ match: on, directResponse: { status: rule.failureStatus ?? 500 } }];
  if (redirect !== undefined) {
    if (!modifierFitsMatch(redirect.path, match.path)) return cannot;
    const { action, whenHostHasPort } = printRedirect(redirect, { ...context, path: match.path });
    const plain = { match: on, redirect: action };
    return whenHostHasPort === undefined ? [plain] : [{ match: withHostPort(on), redirect: whenHostHasPort }, plain];
  }
  if (!modifierFitsMatch(rewrite?.path, match.path)) return cannot;
  const action = routeAction(rule, share, match.path);
  return action === undefined ? cannot : [{ match: on, route: action }];
}

/** What applies to a route whatever it does with the request. */
function routeChanges({ filters }: BackendShare): EnvoyConfigRouteV3Route {
  const request = headerMutation(filters.requestHeaders);
  const response = headerMutation(filters.responseHeaders);
  return {
    ...(request.toAdd && { requestHeadersToAdd: request.toAdd }),
    ...(request.toRemove && { requestHeadersToRemove: request.toRemove }),
    ...(response.toAdd && { responseHeadersToAdd: response.toAdd }),
    ...(response.toRemove && { responseHeadersToRemove: response.toRemove }),
  };
}

function withHostPort(match: EnvoyConfigRouteV3RouteMatch): EnvoyConfigRouteV3RouteMatch {
  const hasPort = { name: ":authority", stringMatch: { safeRegex: { regex: ".*:[0-9]+" } } };
  return { ...match, headers: [...(match.headers ?? []), hasPort] };
}
