import type { HttpCors, HttpRouteMatch } from "../../core/gateway-api.ts";
import { covers } from "../../core/hostname.ts";
import { matchesApartFromMethod } from "./matches-request.ts";
import type { ReadRequest } from "./read-request.ts";

/** Whether a request asks, by CORS, for permission to send one that the match answers. */
export function isPreflightOf(match: HttpRouteMatch, request: ReadRequest): boolean {
  const asksFor = request.headers.get("access-control-request-method")?.[0];
  if (request.method !== "OPTIONS" || asksFor === undefined || !request.headers.has("origin")) return false;
  if (match.method !== undefined && match.method !== "OPTIONS" && match.method !== asksFor) return false;
  return matchesApartFromMethod(match, request);
}

/** Whether the request's origin is one of those that are allowed. */
export function isOriginAllowed({ allowOrigins = [] }: HttpCors, request: ReadRequest): boolean {
  const origin = request.headers.get("origin")?.[0] ?? "";
  return allowOrigins.some((allowed) => allowed === "*" || originMatches(allowed, origin));
}

function originMatches(allowed: string, origin: string): boolean {
  const [wanted, found] = [parseOrigin(allowed), parseOrigin(origin)];
  if (wanted === undefined || found === undefined) return false;
  if (wanted.scheme !== found.scheme || wanted.port !== found.port) return false;
  return wanted.host === "*" || covers(wanted.host, found.host);
}

/** A port that is the scheme's own may be written or not. */
function parseOrigin(origin: string) {
  const [, scheme, host, port] = /^(https?):\/\/(\[[^/@\]]+\]|[^/:@]+)(?::([0-9]+))?$/i.exec(origin) ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  const own = scheme.toLowerCase() === "https" ? "443" : "80";
  return { scheme: scheme.toLowerCase(), host: host.toLowerCase(), port: port ?? own };
}
