import { RE2JS } from "re2js";
import { assertNever } from "../../core/assert-never.ts";
import type { HttpPathMatch, HttpRouteMatch, HttpValueMatch } from "../../core/gateway-api.ts";
import { isBelow, trimPath } from "../../core/path.ts";
import type { ReadRequest } from "./read-request.ts";

/**
 * Whether a request satisfies a match: the path and the method, and every header and query parameter; of several with one
 * name only the first counts. https://gateway-api.sigs.k8s.io/reference/spec/#httproutematch
 */
export function matchesRequest(match: HttpRouteMatch, request: ReadRequest): boolean {
  return matchesApartFromMethod(match, request) && (match.method === undefined || match.method === request.method);
}

/** The same whatever the method: what a preflight is found by. */
export function matchesApartFromMethod(match: HttpRouteMatch, request: ReadRequest): boolean {
  return (
    matchesPath(match.path, request.path) &&
    matchesAll(match.headers ?? [], { spelled: lowerCase, look: (name) => request.headers.get(name) ?? [] }) &&
    matchesAll(match.queryParams ?? [], { spelled: asWritten, look: (name) => queryValues(request.query, name) })
  );
}

function matchesPath({ type, value }: HttpPathMatch, path: string): boolean {
  switch (type) {
    case "Exact":
      return path === value;
    case "PathPrefix":
      return isBelow(path, trimPath(value));
    case "RegularExpression":
      return fullyMatches(value, path);
    default:
      return assertNever(type);
  }
}

interface NamedValues {
  /** How two spellings of one name become equal. */
  readonly spelled: (name: string) => string;
  /** One of them has to match. */
  readonly look: (name: string) => readonly string[];
}

function matchesAll(wanted: readonly HttpValueMatch[], { spelled, look }: NamedValues): boolean {
  const seen = new Set<string>();
  return wanted.every(({ type, name, value }) => {
    const key = spelled(name);
    if (seen.has(key)) return true;
    seen.add(key);
    return look(key).some((found) => (type === "Exact" ? found === value : fullyMatches(value, found)));
  });
}

function lowerCase(name: string): string {
  return name.toLowerCase();
}

function asWritten(name: string): string {
  return name;
}

/** Nothing is unescaped, and of several values the first counts. A name without `=` has the empty value. */
function queryValues(query: string, name: string): readonly string[] {
  for (const parameter of query.slice(1).split("&")) {
    const equals = parameter.indexOf("=");
    if (equals < 0 ? parameter === name : parameter.slice(0, equals) === name) {
      return [equals < 0 ? "" : parameter.slice(equals + 1)];
    }
  }
  return [];
}

/** RE2, as in the proxy, and the whole text. What does not parse is never printed, and matches nothing. */
function fullyMatches(pattern: string, text: string): boolean {
  try {
    return RE2JS.compile(pattern).matches(text);
  } catch {
    return false;
  }
}
