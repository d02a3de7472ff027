import { describe, expect, it } from "vitest";
import type { HttpPathMatch } from "../../core/gateway-api.ts";
import { isBelow, trimPath } from "../../core/path.ts";
import { claimedPath, isAcmeChallenge } from "./path-cover.ts";

const regex = (value: string): HttpPathMatch => ({ type: "RegularExpression", value });
const prefix = (value: string): HttpPathMatch => ({ type: "PathPrefix", value });
const exact = (value: string): HttpPathMatch => ({ type: "Exact", value });

describe("a prefix covers", () => {
  it.each([
    ["/a", "/a", true],
    ["/a/b", "/a", true],
    ["/ab", "/a", false],
    ["/a", "/a/b", false],
    ["/anything", "/", true],
  ])("%s below %s: %s", (path, above, covered) => {
    expect(isBelow(path, above)).toBe(covered);
  });

  it("whether it is written with a slash at its end or not", () => {
    expect(["/a/", "/a//", "/a", "/", "//"].map(trimPath)).toEqual(["/a", "/a", "/a", "/", "/"]);
  });
});

describe("a regular expression claims", () => {
  it.each([
    ["/careers", "/careers"],
    ["^/careers$", "/careers"],
    ["/careers/.*", "/careers"],
    ["/careers/?", "/"],
    ["/careers/?.*", "/"],
    ["/careers/x*", "/careers"],
    ["/car.*", "/"],
    ["/api/v[0-9]+/x", "/api"],
    ["/api/v1/users/[^/]+", "/api/v1/users"],
    ["/a\\.b/.*", "/a.b"],
    ["/a|/b", "/"],
    ["/a/(b|c)", "/"],
    ["(?i)/a/b", "/"],
    ["/a/{2}b", "/"],
    ["/a/\\Q\\E?b", "/"],
    ["/a/(?i)?b", "/"],
    ["/a/(?s){0}b", "/"],
    ["/a/(?:x)?b", "/a"],
    ["/a/\\pL*", "/a"],
    ["/\\Qx\\E/y", "/"],
    [".*", "/"],
    ["", "/"],
  ])("%s the folder %s", (pattern, folder) => {
    expect(claimedPath(regex(pattern))).toEqual({ type: "RegularExpression", value: folder });
  });
});

describe("an ACME challenge", () => {
  it.each([
    [exact("/.well-known/acme-challenge/token"), true],
    [prefix("/.well-known/acme-challenge"), true],
    [prefix("/.well-known/acme-challenge/"), true],
    [exact("/.well-known/acme-challengeX"), false],
    [prefix("/.well-known"), false],
    [prefix("/"), false],
    [regex("/.well-known/acme-challenge/.*"), false],
  ])("is %j: %s", (match, isOne) => {
    expect(isAcmeChallenge(match)).toBe(isOne);
  });
});
