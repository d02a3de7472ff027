import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import type { GrpcMethodMatch } from "../core/gateway-api.ts";
import { findCallProblem, requestMatch } from "./grpc-match.ts";
import { claimedPath } from "./ownership/path-cover.ts";

const exact = (service?: string, method?: string): GrpcMethodMatch => ({
  type: "Exact",
  ...(service === undefined ? {} : { service }),
  ...(method === undefined ? {} : { method }),
});
const regex = (service?: string, method?: string): GrpcMethodMatch => ({
  ...exact(service, method),
  type: "RegularExpression",
});

describe("the path of a call", () => {
  it.each<[string, GrpcMethodMatch | undefined, string, string]>([
    ["nothing", undefined, "PathPrefix", "/"],
    ["a service and a method", exact("shop.Cart", "Get"), "Exact", "/shop.Cart/Get"],
    ["a service", exact("shop.Cart"), "PathPrefix", "/shop.Cart"],
    ["a service and an empty method", exact("shop.Cart", ""), "PathPrefix", "/shop.Cart"],
    ["a method", exact(undefined, "Get"), "RegularExpression", "/[^/]+/Get"],
    ["an empty service and a method", exact("", "Get"), "RegularExpression", "/[^/]+/Get"],
    ["two empty names", exact("", ""), "PathPrefix", "/"],
    ["two empty expressions", regex("", ""), "PathPrefix", "/"],
    ["literal expressions", regex("shop\\.Cart", "Get"), "RegularExpression", "/shop\\.Cart/Get"],
    ["an expression for the service", regex("shop\\..+"), "RegularExpression", "/(?:shop\\..+)/[^/]+"],
    ["an expression for the method", regex(undefined, "Get|List"), "RegularExpression", "/[^/]+/(?:Get|List)"],
    ["anchors", regex("^shop$", "^Get$"), "RegularExpression", "/shop/Get"],
    ["an escaped dollar at the end", regex("a\\$"), "RegularExpression", "/(?:a\\$)/[^/]+"],
  ])("with %s", (_what, method, type, value) => {
    expect(requestMatch(method === undefined ? {} : { method }).path).toEqual({ type, value });
  });

  it.each([
    ["^a|b$", "", "/a/X", true],
    ["^a|b$", "", "/b/X", true],
    ["^a|b$", "", "/ab/X", false],
    ["(?i)shop", "get", "/SHOP/get", true],
    ["(?i)shop", "get", "/SHOP/GET", false],
    ["shop\\..*", "", "/shop.Cart/Get", true],
    ["shop\\..*", "", "/shop/Get", false],
    ["shop", "Get", "/shop/Get/more", false],
  ])("by the service %s and the method %s matches whole names: %s", (service, method, path, want) => {
    expect(RE2JS.compile(requestMatch({ method: regex(service, method) }).path.value).matches(path)).toBe(want);
  });

  it("by a literal service can be owned as a folder, by any other expression as a whole", () => {
    const claimed = (method: GrpcMethodMatch) => claimedPath(requestMatch({ method }).path).value;
    expect(claimed(regex("shop\\.Cart", "Get.*"))).toBe("/shop.Cart");
    expect(claimed(regex("shop\\.Cart|infra\\.Cart", "Get"))).toBe("/");
    expect(claimed(exact(undefined, "Get"))).toBe("/");
    expect(claimed(regex("\\Qshop", "x\\E"))).toBe("/");
  });

  it("keeps the headers", () => {
    const headers = [{ type: "Exact", name: "tenant", value: "a" }] as const;
    expect(requestMatch({ headers })).toEqual({ path: { type: "PathPrefix", value: "/" }, headers });
  });
});

describe("a call that cannot be", () => {
  it.each<[string, GrpcMethodMatch | undefined, RegExp | undefined]>([
    ["nothing", undefined, undefined],
    ["names", exact("shop.v1.Cart", "Get_2"), undefined],
    ["a name that begins with a dot", exact(".shop.Cart", "Get"), undefined],
    ["a slash in the service", exact("shop/Cart", "Get"), /^a service must/],
    ["dot segments", exact("..", "Get"), /^a service must/],
    ["a query in the method", exact("shop.Cart", "Get?x"), /^a method must/],
    ["an encoded slash", exact("shop.Cart", "Get%2f"), /^a method must/],
    ["a line break", exact("shop.Cart\n", "Get"), /^a service must/],
    ["expressions", regex("shop\\..*", "Get.*"), undefined],
    ["an invalid service expression", regex("shop(", "Get"), /regular expression/],
    ["an invalid method expression", regex(undefined, "Get["), /regular expression/],
    ["two halves of one group", regex("a(", ")b"), /regular expression/],
    ["the end of our group", regex("a)|(?:.*", "Get"), /regular expression/],
    ["look-ahead", regex("(?=a)b"), /regular expression/],
  ])("is told of %s", (_what, method, problem) => {
    const found = findCallProblem(method);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(problem);
  });
});
