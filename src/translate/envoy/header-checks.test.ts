import { describe, expect, it } from "vitest";
import { checkHeaderName, checkHeaderValue, checkMatchedHeaderName, checkWrittenHeaderName } from "./header-checks.ts";

describe("checkHeaderName", () => {
  it.each(["x-a", "X-Custom_1", "accept", "!#$%&'*+.^`|~", "__proto__"])("accepts %j", (name) => {
    expect(checkHeaderName(name)).toBeUndefined();
  });

  it.each(["", ":path", "a b", "a\r\nb", "a:b", "é", "a\0", "Host", "Content-Length", "x-gw-scope", "x".repeat(257)])(
    "refuses %j",
    (name) => {
      expect(checkHeaderName(name)).toEqual(expect.any(String));
    },
  );

  it.each(["Connection", "keep-alive", "TE", "trailer", "Upgrade", "Transfer-Encoding", "HTTP2-Settings", "expect"])(
    "refuses %s, which is for one connection",
    (name) => {
      expect(checkHeaderName(name)).toBe(`the header ${name.toLowerCase()} is the proxy's own`);
    },
  );

  it.each(["x-envoy-retry-on", "X-Envoy-Original-Path", "x-envoy-upstream-rq-timeout-ms", "x-envoy-anything"])(
    "lets nobody write %s, but anybody remove it",
    (name) => {
      expect(checkWrittenHeaderName(name)).toBe(`the header ${name.toLowerCase()} is the proxy's own`);
      expect(checkHeaderName(name)).toBeUndefined();
    },
  );

  it("lets a match look at the Host, which cannot be changed", () => {
    expect(checkMatchedHeaderName("Host")).toBeUndefined();
    expect(checkMatchedHeaderName(":authority")).toEqual(expect.any(String));
    expect(checkMatchedHeaderName("a b")).toEqual(expect.any(String));
  });
});

describe("checkHeaderValue", () => {
  it.each(["", "plain", "100% %REQ(x)%", "tab\there", "ünï", "x".repeat(16_384), "é".repeat(8192), "%".repeat(8192)])(
    "accepts %j",
    (value) => {
      expect(checkHeaderValue(value)).toBeUndefined();
    },
  );

  it.each([
    "a\r\nx-evil: 1",
    "a\nb",
    "a\0b",
    "a\x7fb",
    "\ud800",
    "x".repeat(16_385),
    "é".repeat(8193),
    "%".repeat(8193),
  ])("refuses %j", (value) => {
    expect(checkHeaderValue(value)).toEqual(expect.any(String));
  });
});
