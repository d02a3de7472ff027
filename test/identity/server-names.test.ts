import { expect, it } from "vitest";
import { CertificateIssuer } from "../../src/identity/issuer.ts";
import { readCertificate } from "../../src/identity/read-certificate.ts";
import { HandClock } from "./hand-clock.ts";
import { releaseNamespace, serverKey, serverName, trustDomain } from "./issuer-world.ts";
import { SecretApi } from "./secret-api.ts";

it("issues the control plane's certificate anew when it has another name, and not before", async () => {
  const api = new SecretApi();
  const time = new HandClock(Date.now());
  const lead = async (...serverNames: readonly string[]) => {
    const issuer = new CertificateIssuer({
      kube: api,
      releaseNamespace,
      serverNames,
      trustDomain,
      log: { info: () => {}, warn: () => {} },
      clock: time.clock,
      scheduler: time,
    });
    issuer.lead(true);
    await issuer.idle();
    await issuer.stop();
    return readCertificate(api.text(serverKey, "tls.crt"));
  };
  const first = await lead(serverName);
  expect((await lead(serverName))?.fingerprint).toBe(first?.fingerprint);
  const webhook = "gatehouse-webhook.gatehouse-system.svc";
  const second = await lead(serverName, webhook);
  expect(second?.names).toBe(`DNS:${serverName}, DNS:${webhook}, URI:spiffe://cluster.local/control-plane`);
  expect((await lead(serverName, webhook))?.fingerprint).toBe(second?.fingerprint);
});
