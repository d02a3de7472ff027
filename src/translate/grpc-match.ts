/** Which calls a GRPCRoute matches, as paths of requests. https://gateway-api.sigs.k8s.io/reference/spec/#grpcmethodmatch */
import type { GrpcMethodMatch, GrpcRouteMatch, HttpPathMatch } from "../core/gateway-api.ts";
import { checkRegex } from "./envoy/regex.ts";
import type { RequestMatch } from "./route-nodes.ts";

/** The requests that make the calls of a match. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests */
export function requestMatch({ method, headers }: GrpcRouteMatch): RequestMatch {
  const call = method === undefined ? undefined : withoutEmptyNames(method);
  return {
    path: call === undefined ? everyPath : pathOf(call),
    ...(headers === undefined ? {} : { headers }),
    ...(call === undefined ? {} : { call }),
  };
}

/** Says why no call can have such a name; undefined when one can. */
export function findCallProblem(method: GrpcMethodMatch | undefined): string | undefined {
  if (method === undefined) return undefined;
  const { type, service, method: name } = withoutEmptyNames(method);
  if (type === "RegularExpression") {
    // Each by itself: what is unbalanced in one could be made whole by the other.
    const problems = [service, name].map((regex) => (regex === undefined ? undefined : checkRegex(regex)));
    return problems.find((problem) => problem !== undefined);
  }
  if (service !== undefined && !serviceName.test(service)) return "a service must be names joined by dots";
  return name === undefined || methodName.test(name) ? undefined : "a method must be a name";
}

const serviceName = /^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$/i;
const methodName = /^[a-z_][a-z_0-9]*$/i;

/** One element of a path, whatever it is. */
const anyName = "[^/]+";

const everyPath: HttpPathMatch = { type: "PathPrefix", value: "/" };

function pathOf({ type, service, method }: GrpcMethodMatch): HttpPathMatch {
  if (service === undefined && method === undefined) return everyPath;
  if (type === "RegularExpression") {
    return { type, value: `/${namePattern(service)}/${namePattern(method)}` };
  }
  if (service === undefined) return { type: "RegularExpression", value: `/${anyName}/${method}` };
  if (method === undefined) return { type: "PathPrefix", value: `/${service}` };
  return { type, value: `/${service}/${method}` };
}

/** A name is matched as a whole, so what anchors it says nothing. Literal text stays readable, also for who owns the path. */
function namePattern(regex: string | undefined): string {
  if (regex === undefined) return anyName;
  const inner = regex.replace(/^\^/, "").replace(/(?<!\\)\$$/, "");
  return literal.test(inner) ? inner : `(?:${inner})`;
}

const literal = /^(?:[A-Za-z0-9_]|\\\.)+$/;

/** An empty name matches every one, as an absent one does. */
function withoutEmptyNames({ type, service, method }: GrpcMethodMatch): GrpcMethodMatch {
  return { type, ...(service ? { service } : {}), ...(method ? { method } : {}) };
}
