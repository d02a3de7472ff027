import { afterAll, beforeAll, expect, it } from "vitest";
import type { BackendTlsPolicy } from "../../src/core/gateway-api.ts";
import { namespacedName } from "../../src/core/keys.ts";
import { type PolicyNode, readPolicy } from "../../src/translate/backend-tls/policy.ts";
import type { TlsSettings } from "../../src/translate/backend-tls/upstream-tls.ts";
import { type CaBundle, readCaBundle } from "../../src/translate/ca-bundle.ts";
import { printCluster } from "../../src/translate/envoy/cluster.ts";
import { printEndpoints } from "../../src/translate/envoy/endpoint.ts";
import { printAuthorities } from "../../src/translate/envoy/secret.ts";
import { createRandom, type Random } from "../decide/random.ts";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { eventually } from "../support/envoy.ts";
import { startProxy, type TestProxy } from "./proxy.ts";
import { spoiled } from "./spoiled-pem.ts";

const bundle = namespacedName("shop", "backends");
const secret = "ca/shop/backends";

let proxy: TestProxy;
let good: readonly string[];

beforeAll(async () => {
  const authority = await createCertificateAuthority();
  const leaf = await issueCertificate(authority, { names: ["a.b"], keyKind: "rsa" });
  good = [authority.certificatePem, leaf.certificatePem];
  proxy = await startProxy();
  await proxy.apply(...cluster(settingsOf({})), printAuthorities(secret, authority.certificatePem));
});

afterAll(() => proxy.stop());

function settingsOf(more: Partial<TlsSettings>): TlsSettings {
  return {
    hostname: "a.b",
    names: [{ kind: "dns", value: "a.b" }],
    authorities: { kind: "configMaps", names: [bundle] },
    minimumVersion: "1.2",
    ...more,
  };
}

function cluster(settings: TlsSettings) {
  const name = "shop/cart/443";
  const service = namespacedName("shop", "cart");
  return [
    printCluster({ name, service, port: 443, protocol: "http1", tls: { kind: "tls", policy: service, settings } }),
    printEndpoints(name, []),
  ];
}

async function refusalsOf(...resources: ReturnType<typeof cluster>): Promise<readonly string[]> {
  const before = proxy.ads.refusals.length;
  proxy.ads.push(...resources);
  await eventually("Envoy answers", () => proxy.ads.settled());
  return proxy.ads.refusals.slice(before).map(({ message }) => message);
}

function readingOf(text: string): CaBundle {
  const configMap = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "backends", namespace: "shop", generation: 1, creationTimestamp: "1970-01-01T00:00:00Z" },
    data: { "ca.crt": text },
  } as const;
  const [output] = [...readCaBundle({ get: () => undefined }, bundle, configMap)];
  if (output === undefined) throw new Error("no output");
  return output[1];
}

it("takes whatever we take of 400 bundles of authorities with bytes that are wrong", async () => {
  const random = createRandom(21);
  const counts = { taken: 0, refused: 0 };
  for (let count = 0; count < 400; count += 1) {
    const text = random.pick([
      () => spoiled(random, random.pick(good)),
      () => random.pick(good) + spoiled(random, random.pick(good)),
    ])();
    const reading = readingOf(text);
    counts[reading.kind === "valid" ? "taken" : "refused"] += 1;
    if (reading.kind === "valid") expect(await refusalsOf(printAuthorities(secret, reading.pem)), text).toEqual([]);
  }
  // Both kinds are many.
  expect(counts.taken).toBeGreaterThan(40);
  expect(counts.refused).toBeGreaterThan(40);
}, 60_000);

it("would refuse what we refuse first: so this test sees what it is about", async () => {
  expect(await refusalsOf(printAuthorities(secret, "nothing"))).toEqual([expect.stringContaining("trusted CA")]);
  await proxy.apply(printAuthorities(secret, good.join("")));
  expect(await refusalsOf(...cluster(settingsOf({ hostname: "a".repeat(256) })))).toEqual([
    expect.stringMatching(/sni|Sni|SNI/),
  ]);
});

/** Parts of names that mean something to somebody, and some that nobody should say. */
const parts = [
  "a",
  "-",
  ".",
  "*",
  "b.c",
  "10.0.0.1",
  "::1",
  "spiffe://",
  "http:",
  "//",
  "/",
  "%",
  "?",
  "#",
  "@",
  ":",
  " ",
  "\n",
  "\0",
  "\u0001",
  "\u007f",
  "é",
  "\u{1f600}",
  "\ud800",
  "\udc00",
  "A",
  "_",
  "x".repeat(64),
  "y".repeat(200),
];

function text(random: Random): string {
  return random
    .some(parts, 0, 6)
    .concat(random.some(parts, 0, 3))
    .join("");
}

function policyOf(random: Random): BackendTlsPolicy {
  const san = () =>
    random.chance(50)
      ? { type: "Hostname" as const, hostname: text(random) }
      : { type: "URI" as const, uri: random.pick(["", "spiffe://", "a://b/", "urn:"]) + text(random) };
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "BackendTLSPolicy",
    metadata: { name: "p", namespace: "shop", generation: 1, creationTimestamp: "1970-01-01T00:00:00Z" },
    spec: {
      targetRefs: [{ group: "", kind: "Service", name: "cart" }],
      validation: {
        wellKnownCACertificates: "System",
        hostname: random.chance(70) ? "a.b" : text(random),
        subjectAltNames: Array.from({ length: random.below(4) }, san),
      },
    },
  };
}

function nodeOf(policy: BackendTlsPolicy): PolicyNode {
  const empty = { name: "empty", size: 0, get: () => undefined, entries: () => new Map().entries() };
  const budgets = { scopeLimits: empty, budgetRefusals: empty };
  const [output] = [...readPolicy({ caBundleStates: empty, budgets })({ get: () => undefined }, "shop/p", policy)];
  if (output === undefined) throw new Error("no output");
  return output[1];
}

it("takes whatever we take of 800 policies with names of all sorts, and of others the owner is told which name it is", async () => {
  const random = createRandom(22);
  const counts = { taken: 0, refused: 0 };
  for (let count = 0; count < 800; count += 1) {
    const policy = policyOf(random);
    const { settings, rejections } = nodeOf(policy);
    counts[settings === undefined ? "refused" : "taken"] += 1;
    if (settings === undefined) {
      expect(rejections.length).toBeGreaterThan(0);
      for (const { reason, message } of rejections) {
        expect(reason).toBe("Invalid");
        expect(message).toMatch(/^(hostname|subjectAltNames\[\d\])/);
      }
    } else {
      const bytes = settingsOf({ ...settings, authorities: { kind: "configMaps", names: [bundle] } });
      expect(await refusalsOf(...cluster(bytes)), JSON.stringify(policy.spec)).toEqual([]);
    }
  }
  expect(counts.taken).toBeGreaterThan(100);
  expect(counts.refused).toBeGreaterThan(100);
}, 60_000);
