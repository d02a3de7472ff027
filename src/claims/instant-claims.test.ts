import { describe, expect, it } from "vitest";
import type { ObjectKey } from "../core/keys.ts";
import { type ClaimWant, type Holding, hostnameRecordKey, recordOf } from "../core/ownership.ts";
import { InstantClaims } from "./instant-claims.ts";

const key = hostnameRecordKey("shop.example.com");
const candidate = (namespace: string, createdAt = "2026-01-01T00:00:00Z") => ({
  namespace,
  // As keys are written.
  object: `HTTPRoute/${namespace}/web` as ObjectKey,
  createdAt,
});
const want = (...candidates: ReturnType<typeof candidate>[]) =>
  new Map<typeof key, ClaimWant>([[key, { key, hostname: "shop.example.com", candidates }]]);
const nobody = new Map([[key, undefined]]);
const holders = (holdings: readonly Holding[]) => holdings.map(({ namespace }) => namespace);
const held: Holding = { key, hostname: "shop.example.com", ...candidate("shop"), since: "2026-01-01T00:00:00Z" };

describe("InstantClaims", () => {
  it("gives what is wanted to the oldest, once", () => {
    const claims = new InstantClaims([]);
    expect(holders(claims.wantsChanged(want(candidate("shop"), candidate("pay", "2026-02-01T00:00:00Z"))))).toEqual([
      "shop",
    ]);
    expect(claims.wantsChanged(want(candidate("older", "2020-01-01T00:00:00Z"), candidate("shop")))).toEqual([]);
  });

  it("leaves alone what is recorded", () => {
    const claims = new InstantClaims([recordOf(held)]);
    expect(claims.wantsChanged(want(candidate("older", "2020-01-01T00:00:00Z"), candidate("shop")))).toEqual([]);
  });

  it("keeps a holder that wants nothing for the moment", () => {
    const claims = new InstantClaims([recordOf(held)]);
    expect(claims.wantsChanged(nobody)).toEqual([]);
    expect(claims.wantsChanged(want(candidate("shop")))).toEqual([]);
  });

  it("gives it to somebody else where the holder may not have it any more", () => {
    const claims = new InstantClaims([recordOf(held)]);
    expect(holders(claims.wantsChanged(want(candidate("pay"))))).toEqual(["pay"]);
  });
});
