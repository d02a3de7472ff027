import { describe, expect, it } from "vitest";
import type { HttpPathMatch, HttpRouteMatch } from "../core/gateway-api.ts";
import { namespacedName, objectKey } from "../core/keys.ts";
import { answering, answersOf, concerns, type ServedMatch } from "./answers.ts";

const exact = (value: string): HttpPathMatch => ({ type: "Exact", value });
const prefix = (value: string): HttpPathMatch => ({ type: "PathPrefix", value });
const regex = (value: string): HttpPathMatch => ({ type: "RegularExpression", value });

function served(name: string, path: HttpPathMatch, more: Partial<HttpRouteMatch> = {}): ServedMatch {
  return { route: objectKey("HTTPRoute", namespacedName("shop", name)), match: { path, ...more } };
}

describe("the answers of a hostname", () => {
  it("are those of the first of several matches with the same requests", () => {
    const answers = answersOf([
      served("first", prefix("/a")),
      served("second", prefix("/a/")),
      served("second", exact("/a")),
      served("canary", prefix("/a"), { method: "GET", headers: [{ type: "Exact", name: "X-A", value: "1" }] }),
      served("other", prefix("/a"), { headers: [{ type: "Exact", name: "x-a", value: "1" }], method: "GET" }),
      served("asked", prefix("/a"), { queryParams: [{ type: "RegularExpression", name: "q", value: "a+" }] }),
    ]);
    expect([...answers.values()].map(({ path, route }) => [route.slice(15), path])).toEqual([
      ["first", { type: "PathPrefix", value: "/a" }],
      ["second", { type: "Exact", value: "/a" }],
      ["canary", { type: "PathPrefix", value: "/a", condition: "method GET, header x-a: 1" }],
      ["asked", { type: "PathPrefix", value: "/a", condition: "query q ~ a+" }],
    ]);
  });

  it.each([
    [exact("/a/b"), "exact"],
    [exact("/a/b/"), "longer"],
    [exact("/a/b/c/d"), "longer"],
    [exact("/a/bc"), "short"],
    [prefix("/a/b/c"), "longer"],
    [prefix("/a"), "short"],
    [exact("/z"), undefined],
    [regex("/r.*"), "regex"],
    [regex("/a/r.*"), undefined],
    [{ ...prefix("/a"), condition: "method GET" }, "short"],
    [{ ...exact("/a/b"), condition: "method PUT" }, "put"],
  ])("give %o to %s", (path, want) => {
    const answers = answersOf([
      served("exact", exact("/a/b")),
      served("put", exact("/a/b"), { method: "PUT" }),
      served("regex", regex("/r.*")),
      served("longer", prefix("/a/b")),
      served("short", prefix("/a")),
    ]);
    expect(answering(answers, path)?.route.slice(15)).toBe(want);
  });

  it("end with whoever has every path", () => {
    const answers = answersOf([served("all", prefix("/"))]);
    for (const path of [exact("/"), exact("/a//b"), prefix("/x/y")]) expect(answering(answers, path)).toBeDefined();
  });
});

it.each([
  [exact("/a"), "/a", true],
  [exact("/a"), "/a/", false],
  [prefix("/a/"), "/a", true],
  [prefix("/a"), "/ab", false],
  [prefix("/"), "/anything", true],
  [regex("/b"), "/a", true],
])("whether %o concerns %s: %s", (match, path, want) => {
  expect(concerns(match, path)).toBe(want);
});
