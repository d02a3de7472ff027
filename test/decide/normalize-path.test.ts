import { describe, expect, it } from "vitest";
import { normalizePath } from "../../src/translate/decide/normalize-path.ts";

/** Every line was seen on Envoy 1.40. */
describe("normalizePath", () => {
  it.each([
    ["/", "/"],
    ["//", "//"],
    ["///", "//"],
    ["/a//", "/a/"],
    ["//..//a", "/a"],
    ["/a/..", "/"],
    ["/a/.", "/a/"],
    ["/a/%2e%2E/b", "/b"],
    ["/a/..;x=1/b", "/b"],
    ["/a/.%2e;/b", "/a/..;/b"],
    ["/a/...;/b", "/a/...;/b"],
    ["/a//../b", "/a/b"],
    ["/a\\..\\b", "/b"],
    ["/a;b=c/../d", "/d"],
    ["/a%", "/a%"],
    ["/a%zz", "/a%zz"],
    ["/%7Ea%41%5a", "/~aAZ"],
    ["/%2541", "/%2541"],
    ["/%25%32%65", "/%252e"],
    ["/%c3%a9", "/%c3%a9"],
    ['/x"y', "/x%22y"],
    ["/a?b//../%2f", "/a?b//../%2f"],
  ])("makes of %s the path %s", (sent, path) => {
    expect(normalizePath(sent)).toEqual({ kind: "path", path });
  });

  it.each([
    ["/a%2fb", "/a/b"],
    ["/a%5Cb?x=%2f", "/a/b?x=%2f"],
    ["/a/..%2fb", "/b"],
    ["/%2f", "//"],
  ])("sends who asks for %s to %s", (sent, location) => {
    expect(normalizePath(sent)).toEqual({ kind: "redirect", location });
  });

  it.each(["a", "", "?x=1", "/a b", "/a#b", "/a?b#c", "/é", "/a%00", "/a\u007f"])("rejects %j", (sent) => {
    expect(normalizePath(sent).kind).toBe("invalid");
  });
});
