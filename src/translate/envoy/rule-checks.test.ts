import { describe, expect, it } from "vitest";
import { routeCases } from "../../../test/envoy/route-cases.ts";
import type { HttpRouteMatch } from "../../core/gateway-api.ts";
import type { RuleFilters } from "../route-nodes.ts";
import { findFilterProblem, findMatchProblem } from "./rule-checks.ts";

const path = { type: "PathPrefix", value: "/" } as const;
const header = (name: string, value = "x", type: "Exact" | "RegularExpression" = "Exact") => ({ type, name, value });

describe("findMatchProblem", () => {
  it.each<[string, Partial<HttpRouteMatch>]>([
    ["a path expression that is not RE2", { path: { type: "RegularExpression", value: "((" } }],
    ["a header expression that is not RE2", { headers: [header("a", "(?=x)", "RegularExpression")] }],
    ["a query expression that is not RE2", { queryParams: [header("a", "[", "RegularExpression")] }],
    ["a pseudo-header", { headers: [header(":path")] }],
    ["a line break in a value", { headers: [header("a", "b\r\nc")] }],
    ["a query parameter without name", { queryParams: [header("")] }],
    ["a prefix with a query", { path: { type: "PathPrefix", value: "/a?b" } }],
    ["a prefix with a fragment", { path: { type: "PathPrefix", value: "/a#" } }],
    ["a path that is not absolute", { path: { type: "Exact", value: "a" } }],
    ["a path with a line break", { path: { type: "Exact", value: "/a\nb" } }],
    ["a path that is not Unicode", { path: { type: "Exact", value: "/\ud800" } }],
    ["a method with a space", { method: "GE T" }],
  ])("finds %s", (_name, match) => {
    expect(findMatchProblem({ path, ...match })).toEqual(expect.any(String));
  });
});

describe("findFilterProblem", () => {
  const set = (name: string, value: string) => ({ set: [{ name, value }] });
  it.each<[string, Partial<RuleFilters>]>([
    ["a line break in a request header", { requestHeaders: set("a", "b\r\nHost: evil") }],
    ["a line break in a response header", { responseHeaders: set("a", "b\nc") }],
    ["a bad header name", { responseHeaders: { add: [{ name: "a b", value: "c" }] } }],
    ["the Host header", { requestHeaders: { remove: ["Host"] } }],
    ["the scope header", { requestHeaders: set("X-GW-Scope", "http-80/victim.test") }],
    ["a redirect to a hostname with a line break", { redirect: { statusCode: 302, hostname: "a\r\nb" } }],
    ["a rewrite to a path with a space", { rewrite: { path: { type: "ReplaceFullPath", replaceFullPath: "/a b" } } }],
    ["a rewrite that adds a query", { rewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/a?b=" } } }],
    ["an origin that is an expression", { cors: { maxAge: 5, allowOrigins: ["https://(.*)"] } }],
    ["an origin with a line break", { cors: { maxAge: 5, allowOrigins: ["https://a\n"] } }],
    ["an allowed header with a line break", { cors: { maxAge: 5, allowHeaders: ["a\r\nb"] } }],
  ])("finds %s", (_name, filters) => {
    expect(findFilterProblem({ mirrors: [], ...filters })).toEqual(expect.any(String));
  });
});

it("finds nothing wrong with rules that Envoy takes", () => {
  for (const { name, rule, match } of routeCases) {
    expect(findMatchProblem({ path, ...match }), name).toBeUndefined();
    expect(findFilterProblem(rule.filters ?? { mirrors: [] }), name).toBeUndefined();
  }
});
