import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import { type EchoedRequest, startBackend } from "../support/backend.ts";
import {
  accepted,
  type BackendTlsWorld,
  first,
  good,
  listener,
  type PolicyOptions,
  policyOf,
  serviceOf,
  startBackendTlsWorld,
  trusting,
} from "../support/backend-tls-world.ts";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { eventually } from "../support/envoy.ts";
import { authoritiesOf, gatewayOf, secretOf } from "../support/gateway-manifests.ts";

let tls: BackendTlsWorld;

beforeAll(async () => {
  tls = await startBackendTlsWorld();
});

afterAll(() => tls?.stop());

beforeEach(() => tls.reset());

describe("which policy counts", () => {
  const bad = `hostname: till.shop.internal, ${trusting("backends")}`;
  const second = namespacedName("shop", "second");
  const conflicted = ["Accepted=False Conflicted", "ResolvedRefs=True ResolvedRefs"];

  it.each<{ name: string; older: string; younger: PolicyOptions }>([
    {
      name: "the older",
      older: "2026-01-01T00:00:00Z",
      younger: { name: "a-second", created: "2026-01-01T00:00:01Z" },
    },
    { name: "of equally old ones the first by name", older: "2026-01-01T00:00:00Z", younger: { name: "second" } },
  ])("$name of two for one Service", async ({ older, younger }) => {
    const loser = namespacedName("shop", younger.name ?? "");
    await tls.served.apply(policyOf(bad, younger) + policyOf(good, { created: older }));
    expect(await tls.statusOf()).toBe(200);
    expect([tls.told(), tls.told(loser)]).toEqual([accepted, conflicted]);
    expect(tls.why(loser)).toContain(
      "BackendTLSPolicy shop/first, which is older or named first, is for Service shop/cart",
    );
    await tls.served.remove("BackendTLSPolicy", first);
    expect(await tls.statusOf()).toBe(503);
    expect(tls.told(loser)).toEqual(accepted);
  });

  it("the older of two also where it cannot be kept: nobody's looser one takes its place", async () => {
    await tls.served.apply(policyOf(good, { name: "second" }) + policyOf(`hostname: a.b, ${trusting("missing")}`));
    expect(await tls.statusOf()).toBe(503);
    expect(tls.told(second)).toEqual(conflicted);
  });

  it("one for a port before one for the Service, whatever their age", async () => {
    const young = "2026-02-01T00:00:00Z";
    await tls.served.apply(policyOf(bad) + policyOf(good, { name: "second", section: "main", created: young }));
    expect([await tls.statusOf("/"), await tls.statusOf("/other")]).toEqual([200, 503]);
    expect([tls.told(), tls.told(second)]).toEqual([accepted, accepted]);
    await tls.served.remove("BackendTLSPolicy", second);
    expect([await tls.statusOf("/"), await tls.statusOf("/other")]).toEqual([503, 503]);
  });

  it("the older of two for one port", async () => {
    await tls.served.apply(policyOf(bad, { name: "second", section: "main" }) + policyOf(good, { section: "main" }));
    expect([await tls.statusOf("/"), tls.told(), tls.told(second)]).toEqual([200, accepted, conflicted]);
  });

  it("none for a port that there is not", async () => {
    await tls.served.apply(policyOf(good, { section: "missing" }));
    expect(tls.told()).toEqual(["Accepted=False TargetNotFound", "ResolvedRefs=True ResolvedRefs"]);
    expect(tls.why()).toContain("There is no port missing of Service shop/cart");
  });

  it("none without routes that lead to its Service", async () => {
    await tls.served.apply(policyOf(good, { target: "nobody" }));
    expect(tls.told()).toEqual([]);
    await tls.served.apply(policyOf(good));
    expect(tls.told()).toEqual(accepted);
    await tls.served.remove("HTTPRoute", namespacedName("shop", "cart"));
    expect(tls.told()).toEqual([]);
  });

  it("none of another namespace, whatever Service it names", async () => {
    const evil = { namespace: "evil", name: "first", created: "2020-01-01T00:00:00Z" };
    const theirs = `---\napiVersion: v1\nkind: Namespace\nmetadata: { name: evil }\n${authoritiesOf("strangers", tls.stranger.certificatePem, "evil")}`;
    await tls.served.apply(policyOf(good));
    const before = await tls.ask();
    await tls.served.apply(theirs + policyOf(`hostname: evil.internal, ${trusting("strangers")}`, evil));
    const service = serviceOf({ ...tls.backend, name: "cart" }, "", "evil").replaceAll(
      "cart.example.com",
      "evil.example.com",
    );
    await tls.served.apply(service);
    expect(tls.told(namespacedName("evil", "first"))).toEqual(accepted);
    expect(await tls.statusOf("/", "evil.example.com")).toBe(503);
    expect((await tls.ask()).status).toBe(before.status);
    expect(tls.told()).toEqual(accepted);
    for (const kind of ["HTTPRoute", "Service"] as const) await tls.served.remove(kind, namespacedName("evil", "cart"));
  });
});

it("speaks in the clear again when the policy is gone", async () => {
  const plain = await startBackend({ name: "plain" });
  await tls.served.apply(serviceOf(plain) + policyOf(good, { target: "plain" }));
  expect(await tls.statusOf("/", "plain.example.com")).toBe(503);
  expect(plain.count()).toBe(0);
  await tls.served.remove("BackendTLSPolicy", first);
  expect(await tls.statusOf("/", "plain.example.com")).toBe(200);
  await tls.served.remove("HTTPRoute", namespacedName("shop", "plain"));
  await plain.stop();
});

it("sends nothing to a port that speaks HTTPS, as its Service says, before a policy says whom to trust", async () => {
  await tls.served.apply(serviceOf(tls.backend, "HTTPS"));
  expect(await tls.statusOf()).toBe(500);
  expect(tls.backend.handshakeErrors).toEqual([]);
  await tls.served.apply(policyOf(good));
  expect(await tls.statusOf()).toBe(200);
});

it("asks for a later version of TLS where an option says so", async () => {
  const option = ', options: { gatehouse.dev/minimum-version: "1.3", example.com/other: x }';
  const old = await startBackend({
    name: "old",
    tls: { ...(await tls.certificate("cart.shop.internal")), maxVersion: "TLSv1.2" },
  });
  await tls.served.apply(serviceOf(old) + policyOf(good, { target: "old" }));
  expect(await tls.statusOf("/", "old.example.com")).toBe(200);
  await tls.served.apply(policyOf(good, { target: "old" }, option));
  expect(await tls.statusOf("/", "old.example.com")).toBe(503);
  expect(tls.told()).toEqual(accepted);
  await tls.served.remove("HTTPRoute", namespacedName("shop", "old"));
  await old.stop();
});

it("speaks HTTP/2 to a port that does", async () => {
  const grpc = await startBackend({ name: "grpc", http2: true, tls: await tls.certificate("cart.shop.internal") });
  await tls.served.apply(serviceOf(grpc, "kubernetes.io/h2c") + policyOf(good, { target: "grpc" }));
  const answer = await tls.ask("/", "grpc.example.com");
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({ httpVersion: "2.0", tls: { serverName: "cart.shop.internal" } });
  await tls.served.remove("HTTPRoute", namespacedName("shop", "grpc"));
  await grpc.stop();
});

it("trusts the authorities of the proxies' system, and no other", async () => {
  await tls.served.apply(policyOf("hostname: cart.shop.internal, wellKnownCACertificates: System"));
  expect(tls.told()).toEqual(accepted);
  expect(await tls.statusOf()).toBe(503);
  expect(tls.backend.handshakeErrors).not.toContain("ERR_SSL_HTTP_REQUEST");
});

it("shows the certificate of the Gateway to backends that ask for one", async () => {
  const clients = await createCertificateAuthority("clients");
  const mine = await issueCertificate(clients, { names: ["edge.infra"], usage: "client" });
  const renewed = await issueCertificate(clients, { names: ["edge-2.infra"], usage: "client" });
  const shown = (certificate: string) => `tls: { backend: { clientCertificateRef: { name: ${certificate} } } }`;
  const picky = await startBackend({
    name: "picky",
    tls: { ...(await tls.certificate("cart.shop.internal")), clientAuthority: clients.certificatePem },
  });
  const client = async () => {
    const { status, body } = await tls.ask("/", "picky.example.com");
    return status === 200 ? (JSON.parse(body) as EchoedRequest).tls?.client : status;
  };
  await tls.served.apply(serviceOf(picky) + secretOf("mine", mine) + policyOf(good, { target: "picky" }));
  expect(await client()).toBe(503);
  await tls.served.apply(gatewayOf(`${shown("mine")}, listeners: [${listener}]`));
  expect(await client()).toBe("edge.infra");
  await tls.served.apply(secretOf("mine", renewed));
  // A connection of before is kept with what it showed.
  picky.dropConnections();
  await eventually("the new certificate is shown", async () => (await client()) === "edge-2.infra");
  await tls.served.remove("HTTPRoute", namespacedName("shop", "picky"));
  await picky.stop();
});
