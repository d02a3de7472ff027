import { describe, expect, it } from "vitest";
import type { SessionPersistence } from "../core/gateway-api.ts";
import { namespacedName, objectKey } from "../core/keys.ts";
import { readSession } from "./session.ts";

const route = objectKey("HTTPRoute", namespacedName("shop", "cart"));
const backend = (weight = 1) => ({ group: "", kind: "Service", name: "cart", port: 80, weight });

interface Asked {
  readonly index?: number;
  readonly name?: string;
  readonly weights?: readonly number[];
}

function read(
  sessionPersistence: SessionPersistence | undefined,
  { index = 0, name, weights = [1] }: Asked = {},
  of = route,
) {
  const rule = {
    matches: [],
    backendRefs: weights.map(backend),
    ...(name !== undefined && { name }),
    ...(sessionPersistence && { sessionPersistence }),
  };
  return readSession({ route: of, rule, index });
}

const cookie = (more: Partial<NonNullable<SessionPersistence["cookie"]>>, absoluteTimeout?: string) =>
  ({
    type: "Cookie",
    cookie: { path: "/", lifetimeType: "Session", ...more },
    ...(absoluteTimeout !== undefined && { absoluteTimeout }),
  }) as const;
const header = (name: string, absoluteTimeout?: string) =>
  ({ type: "Header", header: { name }, ...(absoluteTimeout !== undefined && { absoluteTimeout }) }) as const;
const permanent = { name: "basket", lifetimeType: "Permanent" } as const;

describe("a session", () => {
  it.each([
    ["of a cookie", cookie({ name: "basket" }), { kind: "cookie", name: "basket", path: "/" }],
    ["below a path", cookie({ name: "b", path: "/shop" }), { kind: "cookie", name: "b", path: "/shop" }],
    ["that lasts", cookie(permanent, "1h30m"), { kind: "cookie", name: "basket", path: "/", lifetimeMs: 5_400_000 }],
    ["of a header", header("X-Session"), { kind: "header", name: "X-Session" }],
  ])("%s is kept", (_what, written, session) => {
    expect(read(written)).toEqual({ session });
  });

  it.each([
    ["that a session cookie ends with", cookie({ name: "b" }, "1h"), {}, /session cookie: absoluteTimeout/],
    ["that a header ends with", header("x"), { weights: [1, 1] }, /which of several backends/],
    ["in a header for ever", header("x", "1h"), {}, /session in a header: absoluteTimeout/],
    ["that lasts without saying how long", cookie(permanent), {}, /a second at least/],
    ["that lasts no time", cookie(permanent, "0s"), {}, /a second at least/],
    ["that lasts less than a second", cookie(permanent, "999ms"), {}, /a second at least/],
    ["below a path with another attribute", cookie({ name: "b", path: "/;Domain=com" }), {}, /path must begin/],
    ["below no path", cookie({ name: "b", path: "shop" }), {}, /path must begin/],
    ["below a path with a line break", cookie({ name: "b", path: "/\r\nx: y" }), {}, /path must begin/],
    ["of a cookie that cannot be", cookie({ name: "a;b" }), {}, /HTTP token/],
    ["of a header that frames messages", header("Content-Length"), {}, /proxy's own/],
    ["of the Host header", header("host"), {}, /Host/],
    ["of a pseudo-header", header(":path"), {}, /pseudo-header/],
    ["of no header", { type: "Header" } as const, {}, /not a header name/],
  ])("%s is told", (_what, written, more, problem) => {
    expect(read(written, more)).toEqual({ problem: expect.stringMatching(problem) });
  });

  it("is kept in a header where all other backends get nothing", () => {
    expect(read(header("x"), { weights: [0, 3, 0] })).toEqual({ session: { kind: "header", name: "x" } });
  });

  it("is none where none is asked for", () => {
    expect(read(undefined)).toBeUndefined();
  });
});

it("a cookie without a name gets that of its rule, which lasts while the rule has its name or its place", () => {
  const other = objectKey("GRPCRoute", namespacedName("shop", "cart"));
  const nameless = [
    read(cookie({})),
    read(cookie({}), { index: 1 }),
    read(cookie({}), { name: "pay" }),
    read(cookie({}), { name: "1" }),
    read(cookie({}), {}, other),
  ].map((each) => (each !== undefined && "session" in each ? each.session.name : ""));
  expect(nameless.every((name) => /^gatehouse-[0-9a-f]{16}$/.test(name))).toBe(true);
  expect(new Set(nameless).size).toBe(5);
  expect(read(cookie({}), { name: "pay", index: 7 })).toEqual(read(cookie({}), { name: "pay" }));
});
