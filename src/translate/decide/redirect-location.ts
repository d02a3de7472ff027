import type { HttpPathMatch, HttpRequestRedirect } from "../../core/gateway-api.ts";
import { trimPath } from "../../core/path.ts";
import { type ReadRequest, withoutPort } from "./read-request.ts";

/** Where a redirect was asked for and what found it. */
export interface RedirectedRequest {
  readonly request: ReadRequest;
  readonly match: HttpPathMatch;
  /** Port that the client connected to. */
  readonly port: number;
}

/**
 * The Location of a redirect's answer: the scheme and hostname that are written, else the request's; the port that is written,
 * else that of the scheme that is written, else the listener's. A scheme's own port is left out.
 * https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter
 */
export function redirectLocation(redirect: HttpRequestRedirect, { request, match, port }: RedirectedRequest): string {
  const scheme = redirect.scheme ?? request.scheme;
  const target = redirect.port ?? (redirect.scheme === undefined ? port : ownPorts[redirect.scheme]);
  const host = redirect.hostname ?? withoutPort(request.authority);
  // Envoy would repeat a port of the Host header: there the right one is written out.
  const repeats = redirect.hostname === undefined && /:[0-9]+$/.test(request.authority);
  const shown = target === ownPorts[scheme] && !repeats ? "" : `:${target}`;
  return `${scheme}://${host}${shown}${redirectedPath(redirect, request, match)}${request.query}`;
}

const ownPorts = { http: 80, https: 443 } as const;

function redirectedPath({ path }: HttpRequestRedirect, request: ReadRequest, match: HttpPathMatch): string {
  if (path === undefined) return request.path;
  if (path.type === "ReplaceFullPath") {
    return path.replaceFullPath.startsWith("/") ? path.replaceFullPath : `/${path.replaceFullPath}`;
  }
  const prefix = trimPath(match.value);
  const target = trimPath(path.replacePrefixMatch);
  const rest = prefix === "/" ? request.path : request.path.slice(prefix.length);
  if (target === "/") return rest.startsWith("/") ? rest : `/${rest}`;
  return `${target}${rest}`;
}
