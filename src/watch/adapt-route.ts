/** What CRDs of other releases say otherwise, in the words of the one that we read. */
import { shapeValidator, type Validator } from "./schema-validator.ts";
import { grpcFiltersSchema } from "./schemas/grpc-route.ts";
import { httpFiltersSchema } from "./schemas/http-filter.ts";
import { isMapping, type PlainMapping } from "./yaml-value.ts";

/** The kinds of routes whose rules have filters and sessions. */
export type RequestRouteKind = "HTTPRoute" | "GRPCRoute";

/**
 * Brings a route that an API server has accepted into the form of the CRDs that we read. The route is changed.
 *
 * A filter that we do not know, or that does not have what its type needs, becomes one that is not supported: its rule answers
 * 500, and its status says why. Sessions are spelled as of v1.7.
 */
export function adaptRoute(kind: RequestRouteKind, route: PlainMapping): void {
  const { spec } = route;
  for (const rule of entries(isMapping(spec) ? spec["rules"] : undefined)) {
    replaceFilters(rule, filters[kind]);
    for (const backendRef of entries(rule["backendRefs"])) replaceFilters(backendRef, filters[kind]);
    renameSession(rule);
  }
}

const filters: Readonly<Record<RequestRouteKind, Validator>> = {
  HTTPRoute: shapeValidator(httpFiltersSchema.items),
  GRPCRoute: shapeValidator(grpcFiltersSchema.items),
};

function replaceFilters(owner: PlainMapping, validator: Validator): void {
  const { filters: list } = owner;
  if (!Array.isArray(list)) return;
  const replaced = list.map((filter: unknown) => {
    if (!isMapping(filter)) return filter;
    const { type } = filter;
    if (typeof type !== "string" || isKnown(filter, type, validator)) return filter;
    return { type: "ExtensionRef", extensionRef: { group: "gateway.networking.k8s.io", kind: type, name: "unknown" } };
  });
  Reflect.set(owner, "filters", replaced);
}

/** Members beside the one that the type names would be refused by the API's own rules, and do nothing. */
function isKnown(filter: PlainMapping, type: string, validator: Validator): boolean {
  if (validator(filter, { showValues: false }).length > 0) return false;
  const member = filter[memberOf(type)];
  if (!isMapping(member)) return false;
  const { path } = member;
  return !isMapping(path) || typeof path["type"] !== "string" || path[memberOf(path["type"])] !== undefined;
}

/** `requestMirror` for RequestMirror, `urlRewrite` for URLRewrite, `cors` for CORS. */
function memberOf(type: string): string {
  return type.replace(/^(?:[A-Z]+(?![a-z])|[A-Z])/, (first) => first.toLowerCase());
}

/** The header of a session whose name was left to us, which CRDs before v1.7 allowed. */
const unnamedHeader = "x-session";

/** Until v1.6 a session had one name, and the lifetime of its cookie stood elsewhere. */
function renameSession(rule: PlainMapping): void {
  const session = rule["sessionPersistence"];
  if (!isMapping(session) || session["cookie"] !== undefined || session["header"] !== undefined) return;
  const { sessionName, cookieConfig, type = "Cookie" } = session;
  const name = typeof sessionName === "string" && sessionName !== "" ? sessionName : undefined;
  if (type === "Header") Reflect.set(session, "header", { name: name ?? unnamedHeader });
  else if (type === "Cookie") {
    Reflect.set(session, "cookie", {
      ...(isMapping(cookieConfig) && cookieConfig),
      ...(name !== undefined && { name }),
    });
  }
}

function entries(list: unknown): readonly PlainMapping[] {
  return Array.isArray(list) ? list.filter(isMapping) : [];
}
