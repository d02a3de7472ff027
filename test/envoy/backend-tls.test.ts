import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import type { BackendTls } from "../support/backend.ts";
import {
  accepted,
  type BackendTlsWorld,
  good,
  policyOf,
  startBackendTlsWorld,
  trusting,
} from "../support/backend-tls-world.ts";
import { issueCertificate } from "../support/certificates.ts";
import { eventually } from "../support/envoy.ts";
import { authoritiesOf } from "../support/gateway-manifests.ts";

let tls: BackendTlsWorld;

beforeAll(async () => {
  tls = await startBackendTlsWorld();
});

afterAll(() => tls?.stop());

beforeEach(() => tls.reset());

it("asks the tls.backend by its policy's hostname, and leaves the Host header as it was", async () => {
  await tls.served.apply(policyOf(good));
  const answer = await tls.ask();
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({
    host: "cart.example.com",
    httpVersion: "1.1",
    tls: { serverName: "cart.shop.internal", version: "TLSv1.3" },
  });
  expect(tls.told()).toEqual(accepted);
});

const sans = (...names: readonly string[]) => `${good}, subjectAltNames: [${names.join(", ")}]`;
const dns = (name: string) => `{ type: Hostname, hostname: "${name}" }`;
const uri = (name: string) => `{ type: URI, uri: "${name}" }`;
const day = 86_400_000;
const ago = (days: number) => new Date(Date.now() - days * day);
const spiffe = "spiffe://shop.internal/cart";

describe("whether a certificate is taken", () => {
  it.each<{ name: string; policy: string; make: () => Promise<BackendTls>; want: number }>([
    { name: "for the hostname", policy: good, make: () => tls.certificate("cart.shop.internal"), want: 200 },
    {
      name: "for the hostname among others",
      policy: good,
      make: () => tls.certificate("a.b", "cart.shop.internal"),
      want: 200,
    },
    { name: "for another name", policy: good, make: () => tls.certificate("till.shop.internal"), want: 503 },
    {
      name: "for a name that ends alike",
      policy: good,
      make: () => tls.certificate("evil-cart.shop.internal"),
      want: 503,
    },
    {
      name: "with a wildcard for the first label",
      policy: good,
      make: () => tls.certificate("*.shop.internal"),
      want: 200,
    },
    { name: "with a wildcard for two labels", policy: good, make: () => tls.certificate("*.internal"), want: 503 },
    { name: "with a wildcard further in", policy: good, make: () => tls.certificate("cart.*.internal"), want: 503 },
    {
      name: "of another authority",
      policy: good,
      make: () => issueCertificate(tls.stranger, { names: ["cart.shop.internal"] }),
      want: 503,
    },
    {
      name: "that has expired",
      policy: good,
      make: () =>
        issueCertificate(tls.authority, { names: ["cart.shop.internal"], notBefore: ago(9), notAfter: ago(2) }),
      want: 503,
    },
    {
      name: "that is not valid yet",
      policy: good,
      make: () =>
        issueCertificate(tls.authority, { names: ["cart.shop.internal"], notBefore: ago(-2), notAfter: ago(-9) }),
      want: 503,
    },
    {
      name: "for clients",
      policy: good,
      make: () => issueCertificate(tls.authority, { names: ["cart.shop.internal"], usage: "client" }),
      want: 503,
    },
    {
      name: "for a DNS name of the list",
      policy: sans(dns("till.shop.internal")),
      make: () => tls.certificate("till.shop.internal"),
      want: 200,
    },
    {
      name: "for the hostname, which is not in the list",
      policy: sans(dns("till.shop.internal")),
      make: () => tls.certificate("cart.shop.internal"),
      want: 503,
    },
    {
      name: "for the second of the list",
      policy: sans(uri(spiffe), dns("till.shop.internal")),
      make: () => tls.certificate("till.shop.internal"),
      want: 200,
    },
    {
      name: "for a URI of the list",
      policy: sans(uri(spiffe)),
      make: () => issueCertificate(tls.authority, { names: ["x"], uris: [spiffe] }),
      want: 200,
    },
    {
      name: "for a URI that only begins alike",
      policy: sans(uri(spiffe)),
      make: () => issueCertificate(tls.authority, { names: ["x"], uris: [`${spiffe}/evil`] }),
      want: 503,
    },
    {
      name: "with the DNS name as a URI",
      policy: sans(dns("till.shop.internal")),
      make: () => issueCertificate(tls.authority, { names: ["x"], uris: ["till.shop.internal"] }),
      want: 503,
    },
    {
      name: "with a wildcard that is in the list",
      policy: sans(dns("*.shop.internal")),
      make: () => tls.certificate("*.shop.internal"),
      want: 200,
    },
    {
      name: "for a name below a wildcard of the list",
      policy: sans(dns("*.shop.internal")),
      make: () => tls.certificate("till.shop.internal"),
      want: 503,
    },
  ])("$name: $want", async ({ policy, make, want }) => {
    tls.backend.setTls(await make());
    await tls.served.apply(policyOf(policy));
    expect(tls.told()).toEqual(accepted);
    expect(await tls.statusOf()).toBe(want);
    expect(tls.backend.count()).toBe(want === 200 ? 1 : 0);
    expect(tls.backend.handshakeErrors).not.toContain("ERR_SSL_HTTP_REQUEST");
  });
});

describe("a policy that cannot be kept", () => {
  const noCa = "Accepted=False NoValidCACertificate";
  const invalid = ["Accepted=False Invalid", "ResolvedRefs=True ResolvedRefs"];
  const other = (kind: string, group = "") =>
    `caCertificateRefs: [{ group: "${group}", kind: ${kind}, name: backends }]`;

  it.each<{ name: string; policy: string; more?: string; want: readonly string[]; says: RegExp }>([
    {
      name: "whose ConfigMap is missing",
      policy: `hostname: a.b, ${trusting("missing")}`,
      want: [noCa, "ResolvedRefs=False InvalidCACertificateRef"],
      says: /ConfigMap shop\/missing does not exist/,
    },
    {
      name: "whose ConfigMap has no ca.crt",
      policy: `hostname: a.b, ${trusting("empty")}`,
      want: [noCa, "ResolvedRefs=False InvalidCACertificateRef"],
      says: /ConfigMap shop\/empty has no ca.crt/,
    },
    {
      name: "whose ConfigMap holds something else",
      policy: `hostname: a.b, ${trusting("words")}`,
      want: [noCa, "ResolvedRefs=False InvalidCACertificateRef"],
      says: /ConfigMap shop\/words has no certificate in ca.crt/,
    },
    {
      name: "whose ConfigMap is another namespace's",
      policy: `hostname: a.b, ${trusting("platform")}`,
      want: [noCa, "ResolvedRefs=False InvalidCACertificateRef"],
      says: /ConfigMap shop\/platform does not exist/,
    },
    {
      name: "that refers to a Secret",
      policy: `hostname: a.b, ${other("Secret")}`,
      want: [noCa, "ResolvedRefs=False InvalidKind"],
      says: /Secret backends: authorities are read from ConfigMaps only/,
    },
    {
      name: "that refers to what nobody knows",
      policy: `hostname: a.b, ${other("Bundle", "x.io")}`,
      want: [noCa, "ResolvedRefs=False InvalidKind"],
      says: /Bundle.x.io backends/,
    },
    {
      name: "that knows authorities by another name",
      policy: "hostname: a.b, wellKnownCACertificates: example.com/mine",
      want: invalid,
      says: /only System is/,
    },
    {
      name: "for an address",
      policy: `hostname: 10.0.0.1, ${trusting("backends")}`,
      want: invalid,
      says: /hostname "10.0.0.1" is no DNS name/,
    },
    {
      name: "with an unknown option of ours",
      policy: good,
      more: ", options: { gatehouse.dev/tls-cipher: none }",
      want: invalid,
      says: /gatehouse.dev\/tls-cipher is not known/,
    },
    {
      name: "with an option of ours that has no such value",
      policy: good,
      more: ', options: { gatehouse.dev/minimum-version: "1.1" }',
      want: invalid,
      says: /neither "1.2" nor "1.3"/,
    },
  ])("$name: answers 503, and its owner reads why", async ({ policy, more = "", want, says }) => {
    const configMaps =
      authoritiesOf("empty", "", "shop") +
      authoritiesOf("words", "Hello world", "shop") +
      authoritiesOf("platform", tls.authority.certificatePem);
    await tls.served.apply(configMaps + policyOf(policy, {}, more));
    expect([await tls.statusOf(), await tls.statusOf("/other")]).toEqual([503, 503]);
    expect(tls.told()).toEqual(want);
    expect(tls.why()).toMatch(says);
    expect(tls.backend.count()).toBe(0);
    // Nothing is sent at all: there is nobody to shake hands with.
    expect(tls.backend.handshakeErrors).toEqual([]);
  });

  it("trusts the authorities that it can read, and tells which it cannot", async () => {
    const refs = `caCertificateRefs: [{ group: "", kind: ConfigMap, name: missing }, { group: "", kind: ConfigMap, name: backends }]`;
    await tls.served.apply(policyOf(`hostname: cart.shop.internal, ${refs}`));
    expect(tls.told()).toEqual(["Accepted=True Accepted", "ResolvedRefs=False InvalidCACertificateRef"]);
    expect(await tls.statusOf()).toBe(200);
    tls.backend.setTls(await issueCertificate(tls.stranger, { names: ["cart.shop.internal"] }));
    await tls.served.apply(policyOf(`hostname: cart.shop.internal, ${trusting("strangers")}`));
    expect(await tls.statusOf()).toBe(200);
  });

  it("never sends a request in the clear while its authorities come, go, turn bad and come back", async () => {
    await tls.served.apply(policyOf(good));
    // Envoy's workers take over new content a moment after it is acknowledged.
    const becomes = (status: number) => eventually(`a ${status}`, async () => (await tls.statusOf()) === status);
    let asked = 0;
    let isOver = false;
    const statuses = new Set<number>();
    const asking = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (!isOver) {
          statuses.add(await tls.statusOf());
          asked += 1;
        }
      }),
    );
    for (let round = 0; round < 5; round += 1) {
      await tls.served.remove("ConfigMap", namespacedName("shop", "backends"));
      await becomes(503);
      await tls.served.apply(authoritiesOf("backends", "nothing", "shop"));
      await becomes(503);
      await tls.served.apply(authoritiesOf("backends", tls.stranger.certificatePem, "shop"));
      await becomes(503);
      await tls.served.apply(authoritiesOf("backends", tls.authority.certificatePem, "shop"));
      await becomes(200);
      await tls.served.apply(policyOf(`hostname: cart.shop.internal, ${trusting("missing")}`));
      await becomes(503);
      await tls.served.apply(policyOf(good));
      await becomes(200);
    }
    isOver = true;
    await asking;
    expect(asked).toBeGreaterThan(20);
    expect([...statuses].sort()).toEqual([200, 503]);
    expect(tls.backend.handshakeErrors.filter((code) => code === "ERR_SSL_HTTP_REQUEST")).toEqual([]);
  });
});
