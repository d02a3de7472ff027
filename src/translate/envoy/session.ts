/**
 * How proxies keep the requests of a session with one endpoint. Envoy writes the endpoint's address into a cookie or a header,
 * and takes it from there only where the cluster that the route has chosen has that endpoint: nobody gets anywhere else by
 * writing one.
 *
 * A cookie does not tell which of several backends the endpoint belongs to. So each has a cookie of its own, the first that of
 * the rule, and a route that requests with this cookie find before they are spread by weight.
 */
import { createHash } from "node:crypto";
import type {
  GoogleProtobufAny,
  EnvoyConfigRouteV3HeaderMatcher as HeaderMatcher,
  EnvoyExtensionsFiltersNetworkHttpConnectionManagerV3HttpFilter as HttpFilter,
} from "../../../proto/gen/types.ts";
import { anyOf } from "../../../proto/messages.ts";
import { assertNever } from "../../core/assert-never.ts";
import type { Backend, RouteRule, RuleSession } from "../route-nodes.ts";
import { type BackendShare, shareRule } from "./backend-share.ts";
import { durationOf } from "./duration.ts";

/** The name of the filter in every connection manager. */
export const sessionFilterName = "envoy.filters.http.stateful_session";

/** Does nothing but for the routes that configure it. */
export const sessionFilter: HttpFilter = {
  name: sessionFilterName,
  typedConfig: anyOf("envoy.extensions.filters.http.stateful_session.v3.StatefulSession", {}),
};

/** A part of a rule's requests, perhaps only of those that are in a session with its one backend. */
export interface SessionShare extends BackendShare {
  readonly inSession?: HeaderMatcher;
}

/** Divides a rule into shares, first those of the requests that are in a session with one of several backends. */
export function sessionShares(rule: RouteRule): readonly SessionShare[] {
  const { session, filters } = rule;
  const spread = shareRule(rule);
  const backends = rule.backends.filter(({ weight }) => weight > 0);
  if (session?.kind !== "cookie" || filters.redirect !== undefined || backends.length < 2) return spread;
  const kept = backends.flatMap((backend): readonly SessionShare[] => {
    if (backend.kind === "invalid") return [];
    const inSession = hasCookie(cookieOf(rule, session, backend));
    return shareRule({ ...rule, backends: [backend] }).map((share) => ({ ...share, inSession }));
  });
  return [...kept, ...spread];
}

/** The filter's configuration for requests to a backend; undefined where the rule keeps no sessions. */
export function sessionConfig(rule: RouteRule, backend: Backend): Record<string, GoogleProtobufAny> | undefined {
  const { session } = rule;
  if (session === undefined || backend.kind === "invalid") return undefined;
  const config = anyOf("envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute", {
    statefulSession: { sessionState: sessionState(rule, session, backend) },
  });
  return { [sessionFilterName]: config };
}

function sessionState(rule: RouteRule, session: RuleSession, backend: Backend) {
  switch (session.kind) {
    case "header":
      return {
        name: "envoy.http.stateful_session.header",
        typedConfig: anyOf("envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState", {
          name: session.name,
        }),
      };
    case "cookie":
      return {
        name: "envoy.http.stateful_session.cookie",
        typedConfig: anyOf("envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState", {
          cookie: {
            name: cookieOf(rule, session, backend),
            path: session.path,
            ...(session.lifetimeMs !== undefined && { ttl: durationOf(session.lifetimeMs) }),
          },
        }),
      };
    default:
      return assertNever(session);
  }
}

/** The first keeps the name that is written, so that a second backend ends no session. */
function cookieOf({ backends }: RouteRule, { name }: RuleSession, backend: Backend): string {
  const first = backends.find(({ weight }) => weight > 0);
  if (backend.kind === "invalid" || (first?.kind === "cluster" && first.cluster === backend.cluster)) return name;
  return `${name}-${createHash("sha256").update(backend.cluster).digest("hex").slice(0, 8)}`;
}

/** A request may have several cookies, in one header. */
function hasCookie(name: string): HeaderMatcher {
  const quoted = name.replace(/[^A-Za-z0-9_-]/g, (character) => `\\${character}`);
  return { name: "cookie", stringMatch: { safeRegex: { regex: `(?:.*; *)?${quoted}=.*` } } };
}
