import type { EnvoyConfigRouteV3HeaderMatcher, EnvoyConfigRouteV3RouteMatch } from "../../../proto/gen/types.ts";
import { assertNever } from "../../core/assert-never.ts";
import type { HttpPathMatch, HttpRouteMatch, HttpValueMatch } from "../../core/gateway-api.ts";

/** Prints one match of a rule. */
export function routeMatch(match: HttpRouteMatch): EnvoyConfigRouteV3RouteMatch {
  const headers = [...methodMatcher(match.method), ...headerMatchers(match.headers ?? [])];
  const queryParameters = firstOfEachParameter(match.queryParams ?? []).map((parameter) => ({
    name: parameter.name,
    stringMatch: stringMatcher(parameter),
  }));
  return {
    ...pathMatcher(match.path),
    ...(headers.length > 0 && { headers }),
    ...(queryParameters.length > 0 && { queryParameters }),
  };
}

/** The prefix of a PathPrefix match without trailing slashes; empty for `/`. */
export function trimmedPrefix(prefix: string): string {
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === "/") end -= 1;
  return prefix.slice(0, end);
}

function pathMatcher(path: HttpPathMatch): EnvoyConfigRouteV3RouteMatch {
  switch (path.type) {
    case "Exact":
      return { path: path.value };
    case "PathPrefix":
      return prefixMatcher(path.value);
    case "RegularExpression":
      return { safeRegex: { regex: path.value } };
    default:
      return assertNever(path.type);
  }
}

/** Matches whole path elements: `/foo` and `/foo/bar`, never `/foobar`. */
function prefixMatcher(prefix: string): EnvoyConfigRouteV3RouteMatch {
  const trimmed = trimmedPrefix(prefix);
  return trimmed === "" ? { prefix: "/" } : { pathSeparatedPrefix: trimmed };
}

function methodMatcher(method: string | undefined): readonly EnvoyConfigRouteV3HeaderMatcher[] {
  return method === undefined ? [] : [{ name: ":method", stringMatch: { exact: method } }];
}

function headerMatchers(headers: readonly HttpValueMatch[]): readonly EnvoyConfigRouteV3HeaderMatcher[] {
  return firstOfEachHeader(headers).map((header) => ({
    name: header.name.toLowerCase(),
    stringMatch: stringMatcher(header),
  }));
}

function stringMatcher({ type, value }: HttpValueMatch) {
  return type === "Exact" ? { exact: value } : { safeRegex: { regex: value } };
}

/** The headers of a list that count: of several with one name, however it is spelled, the first. */
export function firstOfEachHeader<T extends Named>(headers: readonly T[]): readonly T[] {
  return firstOfEachName(headers, (name) => name.toLowerCase());
}

/** The same of query parameters, whose names are compared as they are written. */
export function firstOfEachParameter<T extends Named>(parameters: readonly T[]): readonly T[] {
  return firstOfEachName(parameters, (name) => name);
}

interface Named {
  readonly name: string;
}

function firstOfEachName<T extends Named>(entries: readonly T[], key: (name: string) => string): readonly T[] {
  if (entries.length < 2) return entries;
  const seen = new Set<string>();
  return entries.filter(({ name }) => !seen.has(key(name)) && seen.add(key(name)).size > 0);
}
