import { describe, expect, it } from "vitest";
import { createAuthority, issueCertificate } from "./authority.ts";
import { caKeys, planAuthorities } from "./ca-plan.ts";
import { settleAuthorities } from "./ca-steps.ts";
import { backdateMs, type Lifetimes } from "./lifetimes.ts";
import { isSignedBy, keyFits, readCertificate } from "./read-certificate.ts";
import type { SecretData } from "./secret-data.ts";

const lifetimes: Lifetimes = { certificateMs: 1_000_000, authorityMs: 90_000_000, learnMs: 2_000_000 };
const start = 1_700_000_000_000;
const none: SecretData = new Map();

const settle = async (data: SecretData, now: number) => {
  const settled = await settleAuthorities(data, now, lifetimes);
  return { ...settled, kinds: settled.steps.map(({ kind }) => kind) };
};
const announced = (data: SecretData, at: number) => new Map(data).set(caKeys.announcedAt, String(at));
const certOf = (data: SecretData, key: string) => readCertificate(data.get(key))?.pem;

describe("the authorities", () => {
  it("begin with one that signs, and a key for tokens", async () => {
    const { data, kinds, plan } = await settle(none, start);
    expect(kinds).toEqual(["make-token-key", "make-current"]);
    expect(data.get(caKeys.tokenKey)).toMatch(/^[0-9a-f]{64}$/);
    expect(plan.trusted).toEqual([certOf(data, caKeys.currentCert)]);
    expect(plan.signing?.cert).toBe(certOf(data, caKeys.currentCert));
    expect(plan.announce).toBe(false);
    expect(plan.lookAgainAt).toBe(start + 60_000_000);
    expect(await settle(data, start + 59_999_000)).toMatchObject({ kinds: [], data });
  });

  it("are replaced with an overlap: trusted before it signs, trusted until all that it signed has ended", async () => {
    const first = await settle(none, start);
    const one = certOf(first.data, caKeys.currentCert);
    const due = first.plan.lookAgainAt;
    const made = await settle(first.data, due);
    const two = certOf(made.data, caKeys.nextCert);
    expect(made.kinds).toEqual(["make-next"]);
    expect(made.plan.trusted).toEqual([one, two]);
    expect(made.plan.signing?.cert).toBe(one);
    expect(made.plan.announce).toBe(true);
    // Whoever was to tell everybody did not: it signs nothing, however late it is.
    expect((await settle(made.data, due + 20_000_000)).kinds).toEqual([]);

    const told = announced(made.data, due + 5);
    expect(planAuthorities(told, due + 6, lifetimes)).toMatchObject({ announce: false, lookAgainAt: due + 2_000_005 });
    expect((await settle(told, due + 2_000_004)).kinds).toEqual([]);
    const promoted = await settle(told, due + 2_000_005);
    expect(promoted.kinds).toEqual(["promote-next"]);
    expect(promoted.plan.signing?.cert).toBe(two);
    expect(promoted.plan.trusted).toEqual([two, one]);
    expect(promoted.plan.lookAgainAt).toBe(due + 3_000_005);
    expect([...promoted.data.values()].join()).not.toContain(first.data.get(caKeys.currentKey));

    expect((await settle(promoted.data, due + 3_000_004)).kinds).toEqual([]);
    const dropped = await settle(promoted.data, due + 3_000_005);
    expect(dropped.kinds).toEqual(["drop-previous"]);
    expect(dropped.plan.trusted).toEqual([two]);
    expect(dropped.data.get(caKeys.tokenKey)).toBe(first.data.get(caKeys.tokenKey));
  });

  it("sign nothing that outlives them", async () => {
    const authority = await createAuthority(start, 1_000_000);
    const request = { usages: ["client"], dnsNames: [], uri: "spiffe://a/b", now: start + 900_000 } as const;
    const issued = await issueCertificate(authority, { ...request, lifeMs: 1_000_000 });
    const facts = readCertificate(issued.cert);
    expect(facts).toMatchObject({ notBefore: start + 900_000 - backdateMs, notAfter: start + 1_000_000 });
    expect(facts?.names).toBe("URI:spiffe://a/b");
    expect(isSignedBy(issued.cert, [authority.cert])).toBe(true);
    expect(isSignedBy(issued.cert, [(await createAuthority(start, 1_000_000)).cert])).toBe(false);
    expect(keyFits(issued.cert, issued.key)).toBe(true);
    expect(keyFits(issued.cert, authority.key)).toBe(false);
  });
});

describe("a Secret that somebody edited", () => {
  const garbage = ["", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "\u0000"];

  it.each(garbage)("has its authority replaced: certificate %j", async (text) => {
    const { data } = await settle(none, start);
    const settled = await settle(new Map(data).set(caKeys.currentCert, text), start);
    expect(settled.kinds).toEqual(["make-current"]);
    expect(settled.plan.trusted).toHaveLength(1);
  });

  it.each([...garbage, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])(
    "has its authority replaced: key %j",
    async (text) => {
      const { data } = await settle(none, start);
      expect((await settle(new Map(data).set(caKeys.currentKey, text), start)).kinds).toEqual(["make-current"]);
    },
  );

  it("has an authority replaced that is none, that has two certificates, or whose key is another's", async () => {
    const { data, plan } = await settle(none, start);
    if (plan.signing === undefined) throw new Error("no authority");
    const request = {
      usages: ["server"],
      dnsNames: ["a"],
      uri: "spiffe://a/b",
      now: start,
      lifeMs: 1_000_000,
    } as const;
    const leaf = await issueCertificate(plan.signing, request);
    const other = await createAuthority(start, 1_000_000);
    for (const [cert, key] of [
      [leaf.cert, leaf.key],
      [plan.signing.cert + other.cert, plan.signing.key],
      [plan.signing.cert, other.key],
    ] as const) {
      const edited = new Map(data).set(caKeys.currentCert, cert).set(caKeys.currentKey, key);
      expect((await settle(edited, start)).kinds).toEqual(["make-current"]);
    }
  });

  it("lets the next authority take over when the current one is of no use, and drops a next one of no use", async () => {
    const first = await settle(none, start);
    const made = await settle(first.data, first.plan.lookAgainAt);
    const now = first.plan.lookAgainAt;
    const promoted = await settle(new Map(made.data).set(caKeys.currentKey, "garbage"), now);
    expect(promoted.kinds).toEqual(["promote-next"]);
    expect(promoted.plan.trusted).toEqual([certOf(made.data, caKeys.nextCert), certOf(first.data, caKeys.currentCert)]);
    const dropped = await settle(new Map(first.data).set(caKeys.nextCert, "garbage"), start);
    expect(dropped.kinds).toEqual(["drop-next"]);
    expect(dropped.data).toEqual(first.data);
  });

  it("loses a predecessor that cannot be read, and a date that cannot be read", async () => {
    const { data } = await settle(none, start);
    const { cert } = await createAuthority(start, 1_000_000);
    for (const [previous, until] of [
      ["garbage", String(start + 10)],
      [cert, "tomorrow"],
      [cert, ""],
    ] as const) {
      const edited = new Map(data).set(caKeys.previousCert, previous).set(caKeys.previousUntil, until);
      expect((await settle(edited, start)).kinds).toEqual(["drop-previous"]);
    }
    const kept = new Map(data).set(caKeys.previousCert, cert).set(caKeys.previousUntil, String(start + 10));
    expect((await settle(kept, start)).plan.trusted).toContain(cert);
  });

  it.each(["", "short", "z".repeat(64)])("gets another key for tokens than %j", async (text) => {
    const { data } = await settle(none, start);
    const settled = await settle(new Map(data).set(caKeys.tokenKey, text), start);
    expect(settled.kinds).toEqual(["make-token-key"]);
    expect(settled.data.get(caKeys.currentCert)).toBe(data.get(caKeys.currentCert));
  });
});
