import { describe, expect, it } from "vitest";
import type { HttpRouteMatch } from "../../core/gateway-api.ts";
import { probesOf, regexExample } from "./probes.ts";

const place = { port: 80, scheme: "http" } as const;
const prefix = (value: string): HttpRouteMatch => ({ path: { type: "PathPrefix", value } });
const asked = (hostname: string, match: HttpRouteMatch) =>
  probesOf(place, hostname, match).requests.map(({ method, host, path }) => `${method} ${host} ${path}`);

describe("probesOf", () => {
  it.each([
    ["a prefix: itself and a child", "a.test", prefix("/x/"), ["GET a.test /x", "GET a.test /x/gatehouse-probe"]],
    ["the prefix of everything", "a.test", prefix("/"), ["GET a.test /", "GET a.test /gatehouse-probe"]],
    ["an exact path", "a.test", { path: { type: "Exact", value: "/x" } }, ["GET a.test /x"]],
    ["a method", "a.test", { path: { type: "Exact", value: "/x" }, method: "POST" }, ["POST a.test /x"]],
    [
      "a wildcard: a host below it",
      "*.a.test",
      { path: { type: "Exact", value: "/" } },
      ["GET gatehouse-probe.a.test /"],
    ],
    ["every host", "", { path: { type: "Exact", value: "/" } }, ["GET any.gatehouse-probe.invalid /"]],
    [
      "a regular expression",
      "a.test",
      { path: { type: "RegularExpression", value: "/v[0-9]+/.*" } },
      ["GET a.test /v0/a"],
    ],
  ] satisfies [string, string, HttpRouteMatch, string[]][])("asks for %s", (_name, hostname, match, want) => {
    expect(asked(hostname, match)).toEqual(want);
  });

  it("sends the headers and the query that a match asks for", () => {
    const match: HttpRouteMatch = {
      path: { type: "Exact", value: "/x" },
      headers: [
        { type: "Exact", name: "x-team", value: "red" },
        { type: "RegularExpression", name: "x-build", value: "[a-f]{3}" },
      ],
      queryParams: [{ type: "Exact", name: "q", value: "a b" }],
    };
    expect(probesOf(place, "a.test", match)).toEqual({
      unprobed: false,
      requests: [
        {
          method: "GET",
          scheme: "http",
          host: "a.test",
          port: 80,
          path: "/x?q=a+b",
          headers: [
            { name: "x-team", value: "red" },
            { name: "x-build", value: "aaa" },
          ],
        },
      ],
    });
  });

  it("says where it finds no request", () => {
    const match: HttpRouteMatch = { path: { type: "RegularExpression", value: "/(a(b|c)|[d" } };
    expect(probesOf(place, "a.test", match)).toEqual({ requests: [], unprobed: true });
  });
});

describe("regexExample", () => {
  it.each([
    "/v[0-9]+/items/[^/]+",
    "^/api/(?:cart|checkout)(/.*)?$",
    "/users/\\d{4,6}/\\w+",
    "/a\\.b\\+c",
    "/files/.*\\.png",
    "[A-Z][a-z]{2,}",
    "(?:GET|POST)",
    "/[\\w-]+/x",
  ])("matches %s", (regex) => {
    expect(regexExample(regex)).toMatch(new RegExp(`^(?:${regex})$`));
  });

  it("takes no time over an expression that is made to", () => {
    const started = performance.now();
    for (const hostile of [
      "[".repeat(1024),
      "(".repeat(1024),
      "a{1000}".repeat(140),
      "\\".repeat(1023),
      "[a\\".repeat(300),
    ]) {
      regexExample(hostile);
    }
    expect(performance.now() - started).toBeLessThan(250);
  });
});
