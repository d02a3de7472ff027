import { expect, it } from "vitest";
import { createAuthority, issueCertificate } from "../../src/identity/authority.ts";
import { Trust } from "../../src/identity/trust.ts";
import { fleet, hour, releaseNamespace } from "./issuer-world.ts";

const shared = fleet("infra/shared", "uid-1");
const one = "a".repeat(64);

function start() {
  const warnings: object[] = [];
  const log = { info: () => {}, warn: (fields: object) => void warnings.push(fields) };
  const trust = new Trust({ releaseNamespace, log });
  const annotate = (namespace: string, annotation: string | undefined) =>
    trust.observe(
      { namespace, name: "gatehouse-xds" },
      {
        metadata: {
          name: "gatehouse-xds",
          namespace,
          ...(annotation !== undefined && { annotations: { "gatehouse.dev/fingerprints": annotation } }),
        },
      },
    );
  const serve = (data: Readonly<Record<string, string>>) => {
    const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
    trust.observe(
      { namespace: releaseNamespace, name: "gatehouse-xds-server" },
      { metadata: { name: "gatehouse-xds-server", resourceVersion: "7" }, data: Object.fromEntries(encoded) },
    );
  };
  return { trust, warnings, annotate, serve };
}

it("accepts a certificate that is listed for a Gateway, while that has the same uid", () => {
  const { trust, annotate } = start();
  const isAccepted = () => trust.isAccepted(shared.gateway, "uid-1", one);
  expect(isAccepted()).toBe(false);
  annotate("infra", JSON.stringify({ shared: [one] }));
  expect(isAccepted()).toBe(false);
  trust.setFleets([shared]);
  expect(isAccepted()).toBe(true);
  expect(trust.isAccepted(shared.gateway, "uid-2", one)).toBe(false);
  expect(trust.isAccepted(shared.gateway, "", one)).toBe(false);
  expect(trust.isAccepted(shared.gateway, "uid-1", "b".repeat(64))).toBe(false);
  expect(trust.isAccepted(fleet("shop/shared", "").gateway, "uid-1", one)).toBe(false);
  trust.setFleets([fleet("infra/shared", "uid-2")]);
  expect(isAccepted()).toBe(false);
  trust.setFleets([shared]);
  trust.observe({ namespace: "infra", name: "gatehouse-xds" }, undefined);
  expect(isAccepted()).toBe(false);
});

it.each([
  undefined,
  "",
  "{",
  "null",
  "[]",
  "7",
  '{"shared":null}',
  '{"shared":{"0":"x"}}',
  `{"shared":"${one}"}`,
  `{"shared":["${one.toUpperCase()}"]}`,
  `{"shared":[["${one}"]]}`,
  `{"shared":["${"b".repeat(64)}","${"c".repeat(64)}","${one}"]}`,
  `{"__proto__":{"shared":["${one}"]}}`,
])("accepts nothing for the annotation %j", (annotation) => {
  const { trust, annotate } = start();
  trust.setFleets([shared]);
  annotate("infra", JSON.stringify({ shared: [one] }));
  annotate("infra", annotation);
  expect(trust.isAccepted(shared.gateway, "uid-1", one)).toBe(false);
});

it("takes names such as constructor for names", () => {
  const { trust, annotate } = start();
  const named = fleet("infra/constructor", "uid-1");
  trust.setFleets([named]);
  annotate("infra", "{}");
  expect(trust.isAccepted(named.gateway, "uid-1", one)).toBe(false);
  annotate("infra", JSON.stringify({ constructor: [one] }));
  expect(trust.isAccepted(named.gateway, "uid-1", one)).toBe(true);
});

it("takes over material that fits together, and keeps what it has otherwise, with a line in the log", async () => {
  const { trust, warnings, serve } = start();
  const now = Date.now();
  const [authority, foreign] = [await createAuthority(now, hour), await createAuthority(now, hour)];
  const uri = "spiffe://cluster.local/control-plane";
  const request = { usages: ["server", "client"], dnsNames: ["a.example"], uri, now, lifeMs: hour } as const;
  const [own, other] = [await issueCertificate(authority, request), await issueCertificate(authority, request)];
  const good = { "ca.crt": authority.cert + foreign.cert, "tls.crt": own.cert, "tls.key": own.key };
  let changes = 0;
  const stop = trust.onChange(() => {
    changes += 1;
  });
  expect(trust.current()).toBeUndefined();
  serve(good);
  serve(good);
  expect(changes).toBe(1);
  expect(trust.current()).toEqual({ ca: good["ca.crt"], cert: own.cert, key: own.key });
  for (const change of [
    { "tls.key": other.key },
    { "tls.key": "" },
    { "tls.crt": "garbage" },
    { "tls.crt": own.cert + other.cert },
    { "ca.crt": "" },
    { "ca.crt": foreign.cert },
    { "ca.crt": `${authority.cert}garbage` },
    { "ca.crt": own.cert },
  ]) {
    serve({ ...good, ...change });
  }
  expect(warnings).toHaveLength(8);
  expect(JSON.stringify(warnings)).not.toMatch(/BEGIN/);
  expect(changes).toBe(1);
  expect(trust.current()?.cert).toBe(own.cert);
  stop();
  serve({ ...good, "tls.crt": other.cert, "tls.key": other.key });
  expect(changes).toBe(1);
  expect(trust.current()?.cert).toBe(other.cert);
});

it("derives a token for each Gateway from the key in the authority's Secret, and keeps the last good key", () => {
  const { trust } = start();
  const give = (tokenKey: string) =>
    trust.observe(
      { namespace: releaseNamespace, name: "gatehouse-ca" },
      { metadata: { name: "gatehouse-ca" }, data: { tokenKey: Buffer.from(tokenKey).toString("base64") } },
    );
  expect([trust.fleetToken("uid-1"), trust.webhookToken()]).toEqual([undefined, undefined]);
  give("0b".repeat(32));
  const token = trust.fleetToken("uid-1");
  // HMAC-SHA256 by OpenSSL's command line.
  expect(token).toBe("9556b3854f8d7f7a290f37e56fa04bd129da63aa4d2f2f91229b8313574aa767");
  expect(trust.fleetToken("uid-2")).not.toBe(token);
  expect(trust.webhookToken()).toMatch(/^[0-9a-f]{64}$/);
  expect(trust.webhookToken()).not.toBe(token);
  give("garbage");
  expect(trust.fleetToken("uid-1")).toBe(token);
});
