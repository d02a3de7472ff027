import type {
  EnvoyTypeMatcherV3StringMatcher,
  GoogleProtobufAny,
  EnvoyConfigRouteV3HeaderMatcher as HeaderMatcher,
  EnvoyConfigRouteV3RouteMatch as RouteMatch,
} from "../../../proto/gen/types.ts";
import { anyOf } from "../../../proto/messages.ts";
import type { HttpCors, HttpRouteMatch } from "../../core/gateway-api.ts";
import { routeMatch } from "./route-match.ts";

/** The name of the CORS filter in every connection manager. */
export const corsFilterName = "envoy.filters.http.cors";

/** Some of the requests of a match of a rule with CORS. */
export interface CorsVariant {
  readonly match: RouteMatch;
  /** The per-route configuration of Envoy's CORS filter; absent for preflights that are answered without any permission. */
  readonly policy?: GoogleProtobufAny;
}

/**
 * Divides a match by what Envoy's CORS filter needs to be told, the first that fits counts. The filter permits methods and
 * headers to origins that are not allowed too, and sends an empty permission where `*` meets credentials and a preflight that
 * asks for no header; the specification wants no permission in either case.
 */
export function corsVariants(cors: HttpCors, match: HttpRouteMatch): readonly CorsVariant[] {
  const { allowOrigins = [], allowHeaders = [], ...others } = cors;
  const refused = allowOrigins.includes("*") ? [] : [{ match: preflightMatch(match, notFrom(allowOrigins)) }];
  const policy = corsPolicy(cors);
  const asksNoHeader = { name: "access-control-request-headers", presentMatch: true, invertMatch: true };
  const bare =
    allowHeaders.includes("*") && cors.allowCredentials === true
      ? [{ match: preflightMatch(match, [asksNoHeader]), policy: corsPolicy({ ...others, allowOrigins }) }]
      : [];
  // The preflight of a POST is an OPTIONS, which a match of POST would not find.
  const preflight = asksForMethod(match) === undefined ? [] : [{ match: preflightMatch(match, []), policy }];
  return [...refused, ...bare, ...preflight, { match: routeMatch(match), policy }];
}

function corsPolicy(cors: HttpCors): GoogleProtobufAny {
  const { allowOrigins = [], allowMethods = [], allowHeaders = [] } = cors;
  const credentials = cors.allowCredentials === true;
  const exposeHeaders = (cors.exposeHeaders ?? []).filter((name) => !credentials || name !== "*");
  return anyOf("envoy.extensions.filters.http.cors.v3.CorsPolicy", {
    allowOriginStringMatch: allowOrigins.map(originMatcher),
    ...(allowMethods.length > 0 && { allowMethods: allowMethods.join(", ") }),
    ...(allowHeaders.length > 0 && { allowHeaders: allowHeaders.join(", ") }),
    ...(exposeHeaders.length > 0 && { exposeHeaders: exposeHeaders.join(", ") }),
    maxAge: String(cors.maxAge),
    ...(credentials && { allowCredentials: { value: true } }),
  });
}

/** Matches the preflights of a match's requests. */
function preflightMatch(match: HttpRouteMatch, more: readonly HeaderMatcher[]): RouteMatch {
  const printed = routeMatch({ ...match, method: "OPTIONS" });
  const method = asksForMethod(match);
  const asks = method === undefined ? { presentMatch: true } : { stringMatch: { exact: method } };
  const preflight = [
    { name: "origin", presentMatch: true },
    { name: "access-control-request-method", ...asks },
  ];
  return { ...printed, headers: [...(printed.headers ?? []), ...preflight, ...more] };
}

function asksForMethod({ method }: HttpRouteMatch): string | undefined {
  return method === "OPTIONS" ? undefined : method;
}

function notFrom(origins: readonly string[]): readonly HeaderMatcher[] {
  return origins.map((origin) => ({ name: "origin", stringMatch: originMatcher(origin), invertMatch: true }));
}

/** Prints one allowed origin; a port that is the scheme's own may be written or not. */
function originMatcher(origin: string): EnvoyTypeMatcherV3StringMatcher {
  if (origin === "*") return { safeRegex: { regex: ".*" } };
  const [scheme = "", authority = ""] = origin.toLowerCase().split("://");
  const [host = "", port = ""] = authority.split(":");
  const own = scheme === "https" ? "443" : "80";
  const ports = port === "" || port === own ? `(:${own})?` : `:${port}`;
  return { safeRegex: { regex: `(?i)${scheme}://${hostPattern(host)}${ports}` } };
}

/** `*` stands for one or more labels; alone it is any host, an IPv6 address too. */
function hostPattern(host: string): string {
  if (host === "*") return "([^/:@]+|\\[[^/@\\]]+\\])";
  const literal = (text: string) => text.replaceAll(".", "\\.");
  return host.startsWith("*.") ? `[^/:@]+${literal(host.slice(1))}` : literal(host);
}
