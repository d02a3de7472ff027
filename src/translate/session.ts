/** Sessions of the rules of HTTPRoutes and GRPCRoutes. https://gateway-api.sigs.k8s.io/geps/gep-1619/ */
import { createHash } from "node:crypto";
import type { SessionPersistence } from "../core/gateway-api.ts";
import type { ObjectKey } from "../core/keys.ts";
import { parseDuration } from "./duration.ts";
import { checkWrittenHeaderName } from "./envoy/header-checks.ts";
import type { RequestRule } from "./request-rule.ts";
import type { RuleSession } from "./route-nodes.ts";

/** A session that proxies can keep, why there is none, or nothing where none is asked for. */
export type ReadSession = { readonly session: RuleSession } | { readonly problem: string } | undefined;

export interface RuleOfRoute {
  readonly route: ObjectKey;
  readonly rule: RequestRule;
  readonly index: number;
}

/** Reads what keeps the requests of a session together. What proxies cannot do is a problem, never left out. */
export function readSession({ route, rule, index }: RuleOfRoute): ReadSession {
  const { sessionPersistence: written, backendRefs = [] } = rule;
  if (written === undefined) return undefined;
  if (written.type === "Cookie") return readCookie(written, () => defaultName({ route, rule, index }));
  const name = written.header?.name ?? "";
  const problem = checkWrittenHeaderName(name);
  if (problem !== undefined) return { problem };
  if (written.absoluteTimeout !== undefined) {
    return { problem: "proxies cannot end a session in a header: absoluteTimeout is for permanent cookies" };
  }
  if (backendRefs.filter(({ weight }) => weight > 0).length > 1) {
    return { problem: "a session in a header cannot tell which of several backends it is with: use a cookie" };
  }
  return { session: { kind: "header", name } };
}

function readCookie({ cookie, absoluteTimeout }: SessionPersistence, makeName: () => string): ReadSession {
  const { name = makeName(), path = "/", lifetimeType = "Session" } = cookie ?? {};
  if (!cookieName.test(name)) return { problem: "a cookie's name must be an HTTP token" };
  if (!cookiePath.test(path)) return { problem: "a cookie's path must begin with / and hold neither ; nor spaces" };
  if (lifetimeType === "Session") {
    if (absoluteTimeout === undefined) return { session: { kind: "cookie", name, path } };
    return { problem: "proxies cannot end the session of a session cookie: absoluteTimeout is for permanent cookies" };
  }
  const lifetimeMs = parseDuration(absoluteTimeout ?? "");
  // A shorter one would be written as 0, which makes clients forget the cookie at once.
  if (lifetimeMs < 1000) return { problem: "a permanent cookie needs an absoluteTimeout of a second at least" };
  return { session: { kind: "cookie", name, path, lifetimeMs } };
}

/** An HTTP token, as the API has it. */
const cookieName = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}$/;

/** Printable, and without what ends an attribute. */
const cookiePath = /^\/[!-:<-~]{0,1023}$/;

/** The same as long as the rule has its name or, without one, its place. */
function defaultName({ route, rule, index }: RuleOfRoute): string {
  const place = rule.name === undefined ? `rule ${index}` : `name ${rule.name}`;
  return `gatehouse-${createHash("sha256").update(`${route} ${place}`).digest("hex").slice(0, 16)}`;
}
