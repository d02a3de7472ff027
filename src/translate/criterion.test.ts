import { expect, it } from "vitest";
import type { HttpRouteMatch } from "../core/gateway-api.ts";
import { namespacedName, objectKey } from "../core/keys.ts";
import { decidingCriterion } from "./criterion.ts";
import { requestMatch } from "./grpc-match.ts";
import { hostnameOrder, matchOrder, type PlacedMatch } from "./precedence.ts";

function order(match: Partial<HttpRouteMatch>, more: Partial<PlacedMatch & { readonly written: string }> = {}) {
  const place = matchOrder({
    match: { path: { type: "PathPrefix", value: "/" }, ...match },
    createdAt: "2026-01-01T00:00:00Z",
    route: objectKey("HTTPRoute", namespacedName("shop", "cart")),
    ruleIndex: 0,
    matchIndex: 0,
    ...more,
  });
  return { order: hostnameOrder(more.written ?? "a.example.com") + place };
}

const path = (type: "Exact" | "PathPrefix" | "RegularExpression", value: string) =>
  ({ path: { type, value } }) as const;
const call = (service: string, method = "") =>
  requestMatch({ method: { type: service.endsWith("*") ? "RegularExpression" : "Exact", service, method } });
const value = (name: string) => ({ type: "Exact", name, value: "v" }) as const;
const header = { headers: [value("a")] };
const parameter = { queryParams: [value("a")] };

it.each([
  ["a more specific hostname", order({}), order({}, { written: "*.example.com" })],
  ["an exact path", order(path("Exact", "/a")), order(path("RegularExpression", "/a"))],
  ["an exact path", order(path("Exact", "/a")), order(path("PathPrefix", "/a"))],
  ["a regular expression before a prefix", order(path("RegularExpression", "/a")), order(path("PathPrefix", "/a"))],
  ["a longer path", order(path("PathPrefix", "/a/b")), order(path("PathPrefix", "/a"))],
  ["a longer path", order(path("RegularExpression", "/a.*")), order(path("RegularExpression", "/.*"))],
  ["an exact path", order(call("a.B", "C")), order(call("a.B"))],
  ["a longer path", order(call("a.B")), order(call(""))],
  ["a more specific service or method", order(call("a.*", "C")), order(call("a.*"))],
  ["a more specific service or method", order(call("a.B")), order(call("a.*"))],
  ["a more specific service or method", order(call("", "C")), order(call(""))],
  ["a method match", order({ method: "GET" }), order(header)],
  ["more header matches", order(header), order(parameter)],
  ["more query parameter matches", order(parameter), order({})],
  ["an older route", order({}, { createdAt: "2025-01-01T00:00:00Z" }), order({})],
  ["the name that sorts first", order({}), order({}, { route: objectKey("HTTPRoute", namespacedName("shop", "d")) })],
  ["an earlier rule of the same route", order({}), order({}, { ruleIndex: 1 })],
  ["an earlier match of the same rule", order({}), order({}, { matchIndex: 1 })],
])("names %s", (want, winner, loser) => {
  expect(winner.order < loser.order).toBe(true);
  expect(decidingCriterion(winner, loser)).toBe(want);
});
