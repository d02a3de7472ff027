import type { GrpcMethodMatch, HttpPathMatch } from "../core/gateway-api.ts";
import { type Hostname, isExact } from "../core/hostname.ts";
import type { ObjectKey } from "../core/keys.ts";
import { firstOfEachHeader, firstOfEachParameter, trimmedPrefix } from "./envoy/route-match.ts";
import type { RequestMatch } from "./route-nodes.ts";

/** One match of one rule, with what decides its place besides its hostname. */
export interface PlacedMatch {
  readonly match: RequestMatch;
  readonly createdAt: string;
  readonly route: ObjectKey;
  readonly ruleIndex: number;
  readonly matchIndex: number;
}

/**
 * Writes the place of a match as text that sorts in order of precedence: an exact path, then a regular expression, then a
 * prefix, the longer first; then with a method; then the more header matches; then the more query parameter matches; then
 * the older route; then the route's name; then the order within the route. What is said twice about one header or parameter
 * counts once, as the second is never asked for. The specification leaves the place of regular expressions open.
 * https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule
 */
export function matchOrder({ match, createdAt, route, ruleIndex, matchIndex }: PlacedMatch): string {
  return [
    match.call === undefined ? pathOrder(match.path) : callOrder(match.call, match.path),
    match.method === undefined ? "1" : "0",
    moreFirst(firstOfEachHeader(match.headers ?? []).length),
    moreFirst(firstOfEachParameter(match.queryParams ?? []).length),
    createdAt,
    route,
    ascending(ruleIndex),
    ascending(matchIndex),
  ].join("!");
}

/**
 * Writes the place of a route's own hostname the same way: it comes before everything else, also where the intersection
 * with the listener's hostname is the same for both routes.
 */
export function hostnameOrder(written: Hostname): string {
  return `${isExact(written) ? "0" : "1"}${moreFirst(written.length)}!`;
}

const pathTypes = { Exact: "0", RegularExpression: "1", PathPrefix: "2" } satisfies Record<
  HttpPathMatch["type"],
  string
>;

function pathOrder({ type, value }: HttpPathMatch): string {
  const length = type === "PathPrefix" ? trimmedPrefix(value).length : value.length;
  return `${pathTypes[type]}${moreFirst(length)}`;
}

/**
 * The place of a call among others: with a service and a method, then with a service, then with a method alone; with each of
 * those, exact names before regular expressions, the longer service first, then the longer method. Against the paths of
 * HTTPRoutes that share a hostname with them, exact names stand where their paths do, and a method alone just before `/`.
 * https://gateway-api.sigs.k8s.io/reference/spec/#grpcrouterule
 */
function callOrder({ type, service = "", method = "" }: GrpcMethodMatch, path: HttpPathMatch): string {
  const isRegex = type === "RegularExpression";
  if (!isRegex && service !== "") return pathOrder(path);
  const lengths = `${moreFirst(service.length)}.${moreFirst(method.length)}`;
  if (isRegex && service !== "" && method !== "") return `${pathTypes.RegularExpression}${lengths}`;
  if (service === "" && method === "") return pathOrder(path);
  return `${pathTypes.PathPrefix}${moreFirst(1)}.${service === "" ? "1" : "0"}${isRegex ? "1" : "0"}.${lengths}`;
}

/** Lengths and counts stay far below: the API limits a path to 1,024 characters. */
const digits = 5;

function moreFirst(count: number): string {
  return ascending(10 ** digits - 1 - count);
}

function ascending(count: number): string {
  return String(count).padStart(digits, "0");
}
