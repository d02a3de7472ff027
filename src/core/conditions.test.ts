import { describe, expect, it } from "vitest";
import { joinRejections, type Rejection } from "./conditions.ts";

const rejection = (message: string, reason = "BackendNotFound"): Rejection => ({
  condition: "ResolvedRefs",
  reason,
  message,
});

describe("joinRejections", () => {
  it("has nothing to say about nothing", () => {
    expect(joinRejections([])).toBeUndefined();
  });

  it("takes the reason of the first and tells each message once", () => {
    expect(joinRejections([rejection("a"), rejection("b", "InvalidKind"), rejection("a")])).toEqual(rejection("a; b"));
  });

  it("counts what would make the message too long", () => {
    const many = Array.from({ length: 300 }, (_, index) => rejection(`m${index}`));
    expect(joinRejections(many)?.message).toBe("m0; m1; m2; m3; m4; m5; m6; m7; and 292 more");
  });
});
