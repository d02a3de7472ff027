import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fleetName } from "../../src/core/fleet-names.ts";
import { createAuthority, issueCertificate } from "../../src/identity/authority.ts";
import { readFingerprints } from "../../src/identity/fleet-secret.ts";
import { isSignedBy, readCertificate } from "../../src/identity/read-certificate.ts";
import {
  authorityKey,
  fleet,
  hour,
  type IssuerWorld,
  releaseNamespace,
  serverKey,
  serverName,
  startIssuerWorld,
} from "./issuer-world.ts";
import { failure } from "./secret-api.ts";

const shared = fleet("infra/shared", "uid-shared");
const other = fleet("infra/other", "uid-other");
const shop = fleet("shop/gateway", "uid-shop");
const secret = "infra/gatehouse-xds";

let world: IssuerWorld;
beforeEach(async () => {
  world = await startIssuerWorld();
});
afterEach(() => world.stop());

const certOf = (gateway: string, key = secret) => world.api.text(key, `${fleetName(gateway)}.crt`);
const facts = (pem: string) => {
  const read = readCertificate(pem);
  if (read === undefined) throw new Error("no certificate");
  return read;
};
const accepted = (gateway: string, key = secret) => readFingerprints(world.api.get(key)).get(gateway);
const writes = () => world.api.requests.filter((request) => !request.startsWith("GET"));
const forget = () => {
  world.api.requests.length = 0;
};

describe("what the leader keeps", () => {
  it("is an authority and the control plane's certificate, from the start", () => {
    expect(writes()).toEqual([`PATCH ${authorityKey}`, `PATCH ${serverKey}`]);
    const server = facts(world.api.text(serverKey, "tls.crt"));
    expect(server.names).toBe(`DNS:${serverName}, URI:spiffe://cluster.local/control-plane`);
    expect(isSignedBy(server.pem, [world.api.text(serverKey, "ca.crt")])).toBe(true);
    expect(world.api.text(serverKey, "ca.crt")).toBe(world.api.text(authorityKey, "current.crt"));
    expect(server.notAfter - world.time.now).toBeLessThanOrEqual(24 * hour);
  });

  it("is one Secret in each namespace with Gateways, owned by them, with a certificate for each", async () => {
    world.setFleets(shared, shop, other);
    await world.settle();
    expect(facts(certOf("shared")).names).toBe("URI:spiffe://cluster.local/fleet/infra/shared/uid-shared");
    expect(facts(certOf("other")).names).toBe("URI:spiffe://cluster.local/fleet/infra/other/uid-other");
    expect(facts(certOf("gateway", "shop/gatehouse-xds")).names).toContain("/fleet/shop/gateway/uid-shop");
    const { metadata, type, data } = world.api.get(secret) ?? { metadata: { name: "" } };
    expect(type).toBe("Opaque");
    expect(metadata.labels).toEqual({ "app.kubernetes.io/managed-by": "gatehouse" });
    expect(metadata.ownerReferences?.map(({ kind, name, uid }) => [kind, name, uid])).toEqual([
      ["Gateway", "other", "uid-other"],
      ["Gateway", "shared", "uid-shared"],
    ]);
    const entries = ["ca.crt", "gatehouse-other.crt", "gatehouse-other.key"];
    expect(Object.keys(data ?? {})).toEqual([...entries, "gatehouse-shared.crt", "gatehouse-shared.key"]);
    expect(accepted("shared")).toEqual([facts(certOf("shared")).fingerprint]);
    expect(world.trust.isAccepted(shared.gateway, shared.uid, facts(certOf("shared")).fingerprint)).toBe(true);
  });

  it("stays as it is at rest and after a change of leaders: nothing is written", async () => {
    world.setFleets(shared, shop);
    await world.settle();
    forget();
    world.setFleets(shop, shared);
    await world.advance(3 * hour);
    expect(world.api.requests).toEqual([]);
    world.issuer.lead(false);
    const successor = world.another();
    successor.setFleets([shared, shop]);
    successor.lead(true);
    await world.settle();
    expect(world.api.requests).toHaveLength(4);
    expect(writes()).toEqual([]);
  });

  it("names no private key in the log", async () => {
    world.setFleets(shared);
    await world.settle();
    world.api.edit(secret, { "gatehouse-shared.crt": "garbage" });
    world.api.edit(serverKey, { "tls.key": "garbage" });
    await world.settle();
    expect(world.logged.length).toBeGreaterThan(4);
    expect(world.logged.join()).not.toMatch(/PRIVATE|BEGIN|[A-Za-z0-9+/]{100}/);
  });

  it("is written only while it leads", async () => {
    world.issuer.lead(false);
    forget();
    world.setFleets(shared);
    world.api.edit(serverKey, { "tls.crt": "garbage" });
    await world.advance(48 * hour);
    expect(world.api.requests).toEqual([]);
    expect(world.time.next).toBeUndefined();
  });

  it("is not written any more when the lead is lost in the middle", async () => {
    forget();
    world.api.intercept = () => {
      world.issuer.lead(false);
      return undefined;
    };
    world.setFleets(shared, shop);
    await world.settle();
    expect(writes()).toEqual([]);
  });
});

describe("renewal", () => {
  it("comes at two thirds of a certificate's life or a little earlier, and the one before stays accepted", async () => {
    world.setFleets(shared);
    await world.settle();
    const first = facts(certOf("shared"));
    await world.advance(14 * hour);
    expect(certOf("shared")).toBe(first.pem);
    await world.advance(2 * hour);
    const second = facts(certOf("shared"));
    expect(second.fingerprint).not.toBe(first.fingerprint);
    expect(accepted("shared")).toEqual([second.fingerprint, first.fingerprint]);
    world.api.edit(secret, { unrelated: "entry" });
    await world.settle();
    expect(accepted("shared")).toEqual([second.fingerprint, first.fingerprint]);
    await world.advance(16 * hour);
    const third = facts(certOf("shared"));
    expect(accepted("shared")).toEqual([third.fingerprint, second.fingerprint]);
    expect(world.trust.isAccepted(shared.gateway, shared.uid, first.fingerprint)).toBe(false);
  });

  it("spreads the fleets of a cluster over time", async () => {
    const fleets = Array.from({ length: 20 }, (_, index) => fleet(`team-${index}/gateway`, `uid-${index}`));
    world.setFleets(...fleets);
    await world.settle();
    forget();
    await world.advance(14.4 * hour);
    const renewed = () => world.api.requests.filter((request) => request.startsWith("PATCH team-")).length;
    expect(renewed()).toBe(0);
    const counts: number[] = [];
    for (let step = 0; step < 4; step += 1) {
      await world.advance(0.4 * hour);
      counts.push(renewed());
    }
    expect(counts[3]).toBe(20);
    expect(new Set(counts).size).toBeGreaterThan(2);
  });

  it("replaces the control plane's own certificate, and replicas take it over", async () => {
    const before = world.trust.current();
    let changes = 0;
    world.trust.onChange(() => {
      changes += 1;
    });
    await world.advance(16 * hour);
    expect(changes).toBe(1);
    expect(world.trust.current()).toMatchObject({ ca: before?.ca, cert: world.api.text(serverKey, "tls.crt") });
    expect(world.trust.current()?.cert).not.toBe(before?.cert);
  });

  it("of the authority: everybody trusts the next one two days before it signs, and nobody the last after a day", async () => {
    world.setFleets(shared);
    await world.settle();
    const [bundle, one] = [() => world.api.text(secret, "ca.crt"), world.api.text(authorityKey, "current.crt")];
    world.time.now += 365 * 16 * hour - 60_000;
    await world.advance(hour);
    const lines = world.log.length;
    const two = world.api.text(authorityKey, "next.crt");
    expect(two).toContain("BEGIN CERTIFICATE");
    expect(bundle()).toBe(one + two);
    expect(world.api.text(serverKey, "ca.crt")).toBe(one + two);
    expect(world.trust.current()?.ca).toBe(one + two);
    await world.advance(46 * hour);
    world.setFleets(shared, other);
    await world.settle();
    const late = certOf("other");
    expect(isSignedBy(late, [one])).toBe(true);
    await world.advance(3 * hour);
    expect(bundle()).toBe(two + one);
    // What the last one signed is good until its day.
    expect(certOf("other")).toBe(late);
    await world.advance(17 * hour);
    expect(isSignedBy(certOf("other"), [two])).toBe(true);
    expect(bundle()).toBe(two + one);
    await world.advance(8 * hour);
    expect(bundle()).toBe(two);
    expect(world.api.text(serverKey, "ca.crt")).toBe(two);
    expect(world.log.slice(lines).filter((line) => line.startsWith("warn"))).toEqual([]);
  });
});

describe("revocation", () => {
  it("is the deletion of the Secret: new certificates are issued, the old ones are refused", async () => {
    world.setFleets(shared, other);
    await world.settle();
    const old = facts(certOf("shared")).fingerprint;
    world.api.remove(secret);
    expect(world.trust.isAccepted(shared.gateway, shared.uid, old)).toBe(false);
    await world.settle();
    const fresh = facts(certOf("shared")).fingerprint;
    expect(fresh).not.toBe(old);
    expect(accepted("shared")).toEqual([fresh]);
    expect(world.trust.isAccepted(shared.gateway, shared.uid, old)).toBe(false);
    expect(world.trust.isAccepted(shared.gateway, shared.uid, fresh)).toBe(true);
  });

  it("of everything is the deletion of the authority", async () => {
    world.setFleets(shared);
    await world.settle();
    const old = facts(certOf("shared"));
    const token = world.trust.fleetToken("uid-shared");
    world.api.remove(authorityKey);
    await world.settle();
    expect(accepted("shared")).toEqual([facts(certOf("shared")).fingerprint]);
    expect(world.trust.isAccepted(shared.gateway, shared.uid, old.fingerprint)).toBe(false);
    expect(isSignedBy(old.pem, [world.api.text(secret, "ca.crt")])).toBe(false);
    expect(world.trust.fleetToken("uid-shared")).not.toBe(token);
  });

  it("comes with the end of a Gateway, and with another of its name", async () => {
    world.setFleets(shared, other);
    await world.settle();
    const old = facts(certOf("shared")).fingerprint;
    const kept = certOf("other");
    world.setFleets(other);
    expect(world.trust.isAccepted(shared.gateway, shared.uid, old)).toBe(false);
    await world.settle();
    expect(Object.keys(world.api.get(secret)?.["data"] ?? {})).toHaveLength(3);
    expect(world.api.get(secret)?.metadata.ownerReferences).toHaveLength(1);
    expect(accepted("shared")).toBeUndefined();
    const again = fleet("infra/shared", "uid-again");
    world.setFleets(other, again);
    await world.settle();
    expect(facts(certOf("shared")).names).toContain("/uid-again");
    expect(accepted("shared")).toHaveLength(1);
    expect(certOf("other")).toBe(kept);
    world.setFleets();
    await world.settle();
    expect(world.api.get(secret)).toBeUndefined();
  });

  it("leaves a Secret of that name alone that is not ours, and every Secret before it is said which fleets there are", async () => {
    world.api.put("shop/gatehouse-xds", { metadata: {}, type: "Opaque", data: {} });
    const labels = { "app.kubernetes.io/managed-by": "gatehouse" };
    world.api.put("infra/gatehouse-xds", { metadata: { labels }, type: "Opaque", data: {} });
    await world.settle();
    expect(writes().filter((request) => !request.includes(releaseNamespace))).toEqual([]);
    world.setFleets();
    world.api.edit("shop/gatehouse-xds", { a: "b" });
    world.api.edit("infra/gatehouse-xds", { a: "b" });
    await world.settle();
    expect(world.api.get("shop/gatehouse-xds")).toBeDefined();
    expect(world.api.get("infra/gatehouse-xds")).toBeUndefined();
  });
});

describe("a Secret that somebody edited", () => {
  beforeEach(async () => {
    world.setFleets(shared);
    await world.settle();
  });
  const [crt, key] = ["gatehouse-shared.crt", "gatehouse-shared.key"];

  it.each([
    ["garbage for a certificate", async () => ({ [crt]: "garbage" }), "it is no certificate"],
    ["garbage for a key", async () => ({ [key]: "garbage" }), "its private key is not its own"],
    [
      "a certificate of another authority",
      async () => {
        const uri = "spiffe://cluster.local/fleet/infra/shared/uid-shared";
        const foreign = await createAuthority(world.time.now, 10 * hour);
        const request = { usages: ["client"], dnsNames: [], uri, now: world.time.now, lifeMs: 5 * hour } as const;
        const issued = await issueCertificate(foreign, request);
        return { [crt]: issued.cert, [key]: issued.key };
      },
      "its authority is not trusted",
    ],
    [
      "the certificate of another Gateway",
      async () => {
        world.setFleets(shared, shop);
        await world.settle();
        const entry = (last: string) => world.api.text("shop/gatehouse-xds", `gatehouse-gateway.${last}`);
        return { [crt]: entry("crt"), [key]: entry("key") };
      },
      "it names somebody else",
    ],
  ])("gets new certificates for %s, and a line in the log", async (_, edit, reason) => {
    const before = facts(certOf("shared"));
    world.api.edit(secret, await edit());
    const edited = readCertificate(certOf("shared"));
    await world.settle();
    const after = facts(certOf("shared"));
    expect(after.fingerprint).not.toBe(before.fingerprint);
    expect(after.names).toBe(before.names);
    expect(accepted("shared")).toEqual([after.fingerprint]);
    expect(accepted("shared")).not.toContain(edited?.fingerprint);
    expect(world.log).toContain(`warn: certificate replaced: ${reason}`);
  });

  it.each([
    [
      "other fingerprints",
      (fingerprint: string) => ({ shared: ["a".repeat(64), fingerprint], other: ["b".repeat(64)] }),
    ],
    ["more fingerprints", (fingerprint: string) => ({ shared: [fingerprint, "a", {}, "b".repeat(63)] })],
    ["no list", () => ({ shared: "a".repeat(64) })],
    ["null", () => null],
  ])("gets its annotation back: %s", async (_, annotation) => {
    const { fingerprint } = facts(certOf("shared"));
    const stored = world.api.get(secret);
    const annotations = { "gatehouse.dev/fingerprints": JSON.stringify(annotation(fingerprint)) };
    world.api.put(secret, { ...stored, metadata: { ...stored?.metadata, annotations } });
    await world.settle();
    expect(accepted("shared")).toEqual([fingerprint]);
    expect(facts(certOf("shared")).fingerprint).toBe(fingerprint);
  });

  it("is made again when it is of a type that it must not have", async () => {
    world.api.put(secret, { ...world.api.get(secret), type: "kubernetes.io/dockercfg", data: {} });
    await world.advance(hour);
    expect(world.api.get(secret)?.["type"]).toBe("Opaque");
    expect(accepted("shared")).toEqual([facts(certOf("shared")).fingerprint]);
  });

  it("has the control plane's certificate replaced, and replicas keep theirs until then", async () => {
    const before = world.trust.current();
    world.issuer.lead(false);
    world.api.edit(serverKey, { "tls.crt": "garbage" });
    expect(world.trust.current()).toBe(before);
    world.api.remove(serverKey);
    expect(world.trust.current()).toBe(before);
    world.issuer.lead(true);
    await world.settle();
    expect(world.trust.current()?.cert).toBe(world.api.text(serverKey, "tls.crt"));
    expect(world.trust.current()?.cert).not.toBe(before?.cert);
  });
});

describe("an API server that does not do it", () => {
  it("is asked again, ever more rarely, and one namespace does not hold up the others", async () => {
    world.api.intercept = ({ path, method }) =>
      path.includes("/infra/") && method === "PATCH" ? failure(403, "Forbidden") : undefined;
    world.setFleets(shared, shop);
    for (let minute = 0; minute < 60; minute += 1) await world.advance(hour / 60);
    expect(facts(certOf("gateway", "shop/gatehouse-xds")).names).toContain("uid-shop");
    const attempts = writes().filter((request) => request === `PATCH ${secret}`).length;
    expect(attempts).toBeGreaterThan(10);
    expect(attempts).toBeLessThan(80);
    world.api.intercept = undefined;
    await world.advance(hour);
    expect(accepted("shared")).toHaveLength(1);
  });

  it("is not written to when it cannot be read: nothing is issued in place of what may be there", async () => {
    world.setFleets(shared);
    await world.settle();
    const before = certOf("shared");
    world.issuer.lead(false);
    forget();
    world.api.intercept = () => failure(0, "NoAnswer");
    world.issuer.lead(true);
    await world.advance(hour);
    expect(writes()).toEqual([]);
    world.api.intercept = undefined;
    await world.advance(hour);
    expect(writes()).toEqual([]);
    expect(certOf("shared")).toBe(before);
  });

  it("says that somebody else was faster: what is there then is read and kept", async () => {
    let isFirst = true;
    world.setFleets(shared);
    await world.settle();
    world.api.intercept = ({ method, path }) => {
      if (method !== "PATCH" || !path.includes("/infra/") || !isFirst) return undefined;
      isFirst = false;
      world.api.edit(secret, { unrelated: "entry" });
      return undefined;
    };
    world.setFleets(shared, other);
    await world.advance(hour);
    expect(accepted("shared")).toHaveLength(1);
    expect(accepted("other")).toHaveLength(1);
    expect(world.log.filter((line) => line.startsWith("warn"))).toEqual([]);
  });
});
