import { afterAll, beforeAll, expect, it } from "vitest";
import { readCertificate } from "../../src/translate/certificate.ts";
import { printSecret } from "../../src/translate/envoy/secret.ts";
import type { Certificate } from "../../src/translate/nodes.ts";
import { createRandom } from "../decide/random.ts";
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type IssuedCertificate,
  issueCertificate,
} from "../support/certificates.ts";
import { eventually } from "../support/envoy.ts";
import { tlsSecret } from "../support/gateway-objects.ts";
import { httpsResources } from "./hostname-world.ts";
import { startProxy, type TestProxy } from "./proxy.ts";
import { spoiled } from "./spoiled-pem.ts";

let proxy: TestProxy;
let authority: CertificateAuthority;
let issued: readonly IssuedCertificate[];

beforeAll(async () => {
  authority = await createCertificateAuthority();
  const names = ["abc.example.com"];
  const ec = await issueCertificate(authority, { names });
  issued = [ec, await issueCertificate(authority, { names, keyKind: "rsa" })];
  proxy = await startProxy();
  await proxy.apply(...httpsResources(proxy.address, "plain", ec));
});

afterAll(() => proxy.stop());

it("takes whatever we take of a thousand certificates and keys with bytes that are wrong", async () => {
  const random = createRandom(11);
  const counts = { taken: 0, refused: 0 };
  for (let count = 0; count < 1200; count += 1) {
    const { certificatePem, keyPem } = random.pick(issued);
    const secret = random.pick([
      () => ({ certificatePem: spoiled(random, certificatePem), keyPem }),
      () => ({ certificatePem: certificatePem + spoiled(random, authority.certificatePem), keyPem }),
      () => ({ certificatePem, keyPem: spoiled(random, keyPem) }),
    ])();
    const certificate = readingOf(secret);
    counts[certificate.kind === "valid" ? "taken" : "refused"] += 1;
    if (certificate.kind === "invalid") continue;
    const before = proxy.ads.refusals.length;
    proxy.ads.push(printSecret("infra/certificate", certificate));
    await eventually("Envoy answers", () => proxy.ads.settled());
    expect(proxy.ads.refusals.slice(before), JSON.stringify(secret)).toEqual([]);
  }
  // Both kinds are many.
  expect(counts.taken).toBeGreaterThan(150);
  expect(counts.refused).toBeGreaterThan(150);
}, 60_000);

function readingOf(secret: IssuedCertificate): Certificate {
  const [output] = [
    ...readCertificate({ get: () => undefined }, "infra/certificate", tlsSecret("infra", "certificate", secret)),
  ];
  if (output === undefined) throw new Error("no output");
  return output[1];
}
