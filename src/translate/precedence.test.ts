import { describe, expect, it } from "vitest";
import type { HttpRouteMatch } from "../core/gateway-api.ts";
import { namespacedName, objectKey } from "../core/keys.ts";
import { requestMatch } from "./grpc-match.ts";
import { hostnameOrder, matchOrder, type PlacedMatch } from "./precedence.ts";

function place(match: Partial<HttpRouteMatch>, more: Partial<PlacedMatch> = {}): string {
  return matchOrder({
    match: { path: { type: "PathPrefix", value: "/" }, ...match },
    createdAt: "2026-01-01T00:00:00Z",
    route: objectKey("HTTPRoute", namespacedName("shop", "cart")),
    ruleIndex: 0,
    matchIndex: 0,
    ...more,
  });
}

const named = (namespace: string, name: string) => objectKey("HTTPRoute", namespacedName(namespace, name));
const prefix = (value: string) => ({ path: { type: "PathPrefix", value } }) as const;
const exact = (value: string) => ({ path: { type: "Exact", value } }) as const;
const regex = (value: string) => ({ path: { type: "RegularExpression", value } }) as const;
const values = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ type: "Exact", name: `n${index}`, value: "v" }) as const);

describe("the place of a match", () => {
  it.each([
    ["an exact path before a longer prefix", place(exact("/a")), place(prefix("/a/b/c"))],
    ["an exact path before a longer expression", place(exact("/a")), place(regex("/a/b/.*"))],
    ["an expression before a longer prefix", place(regex("/.*")), place(prefix("/a/b/c"))],
    ["a longer prefix before a shorter", place(prefix("/aaaaaaaaaa")), place(prefix("/aaaaaaaaa"))],
    ["a longer prefix before a shorter with a method", place(prefix("/ab")), place({ ...prefix("/a"), method: "GET" })],
    ["a method before headers", place({ method: "GET" }), place({ headers: values(16) })],
    ["more headers before fewer", place({ headers: values(10) }), place({ headers: values(9) })],
    ["headers before parameters", place({ headers: values(1) }), place({ queryParams: values(16) })],
    ["more parameters before fewer", place({ queryParams: values(10) }), place({ queryParams: values(9) })],
    ["parameters before age", place({ queryParams: values(1) }, { createdAt: "2027-01-01T00:00:00Z" }), place({})],
    ["the older before the newer", place({}, { createdAt: "2025-12-31T23:59:59Z" }), place({})],
    [
      "age before the name",
      place({}, { createdAt: "2025-01-01T00:00:00Z", route: named("z", "z") }),
      place({}, { route: named("a", "a") }),
    ],
    ["the first namespace", place({}, { route: named("a", "z") }), place({}, { route: named("b", "a") })],
    ["the first name", place({}, { route: named("a", "a") }), place({}, { route: named("a", "b") })],
    [
      "a name before one that it begins",
      place({}, { route: named("a", "a") }),
      place({}, { route: named("a", "a-b") }),
    ],
    ["the earlier rule", place({}, { ruleIndex: 2, matchIndex: 9 }), place({}, { ruleIndex: 10 })],
    ["the earlier match", place({}, { matchIndex: 2 }), place({}, { matchIndex: 10 })],
  ])("puts %s", (_what, first, second) => {
    expect([second, first].sort()).toEqual([first, second]);
    expect(first).not.toBe(second);
  });

  it("counts only the first of several headers or parameters with one name, as only that is asked for", () => {
    const header = (name: string) => ({ type: "Exact", name, value: "v" }) as const;
    expect(place({ headers: [header("X-A"), header("x-a")] })).toBe(place({ headers: [header("x-b")] }));
    expect(place({ queryParams: [header("a"), header("a")] })).toBe(place({ queryParams: [header("b")] }));
    expect(place({ queryParams: [header("a"), header("A")] })).toBe(place({ queryParams: values(2) }));
  });

  it("counts no final slash of a prefix", () => {
    expect(place(prefix("/a/"))).toBe(place(prefix("/a")));
  });
});

const call = (service: string, method: string, more = {}) =>
  place({ ...requestMatch({ method: { type: "Exact", service, method } }), ...more });
const callLike = (service: string, method: string) =>
  place(requestMatch({ method: { type: "RegularExpression", service, method } }));
const everyCall = (more = {}) => place({ ...requestMatch({}), ...more });

describe("the place of a call", () => {
  it.each([
    ["a service and a method before the service", call("a.B", "C"), call("a.B", "")],
    ["names before a longer expression", call("a.B", "C"), callLike("a\\.(A|B|C)", "C|D")],
    ["an expression with a method before a longer service", callLike("a.*", "C.*"), call("a.BBBBBBBBBBBBB", "")],
    ["the longer service of expressions", callLike("a\\.B.*", "."), callLike("a.*", "longer.*")],
    ["the longer method of expressions", callLike("a.*", "CC.*"), callLike("a.*", "C.*")],
    ["a service before a longer expression", call("a.B", ""), callLike("a\\.(A|B|C)", "")],
    ["the longer service", call("a.BB", ""), call("a.B", "")],
    ["the longer expression", callLike("a.B.*", ""), callLike("a.*", "")],
    ["an expression of a service before a longer method alone", callLike(".", ""), call("", "CCCCCCC")],
    ["a short service before a longer method alone", call("a", ""), call("", "CCCCCCC")],
    ["the longer method alone", call("", "CC"), call("", "C")],
    ["a method alone before an expression of one", call("", "C"), callLike("", "(C|D|E)")],
    ["a method alone before none", call("", "C"), everyCall()],
    ["an expression of a method before none", callLike("", "C.*"), everyCall()],
    ["more headers before fewer", call("a.B", "C", { headers: values(2) }), call("a.B", "C", { headers: values(1) })],
    ["a method before headers", call("", "C"), everyCall({ headers: values(16) })],
    ["headers before none", everyCall({ headers: values(1) }), everyCall()],
    ["a method alone before everything else on a shared host", call("", "C"), place(prefix("/"))],
    ["an exact path before any expression of calls", place(exact("/a.B/C")), callLike("a.*", "C")],
    ["a longer prefix before a method alone", place(prefix("/a")), call("", "C")],
  ])("puts %s", (_what, first, second) => {
    expect([second, first].sort()).toEqual([first, second]);
    expect(first).not.toBe(second);
  });
});

describe("the place of a hostname", () => {
  it("puts an exact one before a longer wildcard, the longer first, and none at all last", () => {
    const inOrder = ["shop.example.com", "a.com", "*.shop.example.com", "*.com", ""].map(hostnameOrder);
    expect([...inOrder].reverse().sort()).toEqual(inOrder);
  });

  it("comes before the place of a match", () => {
    const longHost = hostnameOrder("*.shop.example.com") + place(prefix("/"));
    const shortHost = hostnameOrder("*.example.com") + place(exact("/very/long"));
    expect(longHost < shortHost).toBe(true);
  });
});
