import {
  type EnvoyConfigRouteV3RedirectAction,
  EnvoyConfigRouteV3RedirectActionRedirectResponseCode as ResponseCode,
} from "../../../proto/gen/types.ts";
import type { HttpPathMatch, HttpRequestRedirect } from "../../core/gateway-api.ts";
import { absolutePath, rewritePrefix } from "./path-rewrite.ts";

/** What a redirect's answer depends on besides what is written in it. */
export interface RedirectContext {
  /** Port that clients use. */
  readonly port: number;
  readonly scheme: "http" | "https";
  readonly path: HttpPathMatch;
}

/** A redirect, and what a request whose Host names a port is told instead when that differs. */
export interface PrintedRedirect {
  readonly action: EnvoyConfigRouteV3RedirectAction;
  readonly whenHostHasPort?: EnvoyConfigRouteV3RedirectAction;
}

/**
 * Prints a redirect. The port is the one written, else that of the scheme written, else the listener's; a scheme's own port is
 * left out. https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter
 */
export function printRedirect(redirect: HttpRequestRedirect, context: RedirectContext): PrintedRedirect {
  const scheme = redirect.scheme ?? context.scheme;
  const port = redirect.port ?? (redirect.scheme === undefined ? context.port : wellKnownPorts[redirect.scheme]);
  const base: EnvoyConfigRouteV3RedirectAction = {
    schemeRedirect: scheme,
    ...(redirect.hostname !== undefined && { hostRedirect: redirect.hostname }),
    ...redirectPath(redirect, context.path),
    responseCode: responseCodes[redirect.statusCode],
  };
  const withPort = { ...base, portRedirect: port };
  if (port !== wellKnownPorts[scheme]) return { action: withPort };
  // Without a port of ours Envoy repeats the one in the Host header, and that is not the one to go to.
  return redirect.hostname === undefined ? { action: base, whenHostHasPort: withPort } : { action: base };
}

const wellKnownPorts = { http: 80, https: 443 } as const;

const responseCodes = {
  301: ResponseCode.MOVED_PERMANENTLY,
  302: ResponseCode.FOUND,
  303: ResponseCode.SEE_OTHER,
  307: ResponseCode.TEMPORARY_REDIRECT,
  308: ResponseCode.PERMANENT_REDIRECT,
} as const;

function redirectPath({ path }: HttpRequestRedirect, match: HttpPathMatch): EnvoyConfigRouteV3RedirectAction {
  if (path === undefined) return {};
  if (path.type === "ReplaceFullPath") return { pathRedirect: absolutePath(path.replaceFullPath) };
  return rewritePrefix(match, path.replacePrefixMatch) ?? {};
}
