import { beforeAll, describe, expect, it } from "vitest";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { findingsIn, gatewayWith } from "./worlds.ts";

const notAfter = new Date("2027-03-01T12:00:00Z");
let text = "";

beforeAll(async () => {
  const authority = await createCertificateAuthority();
  const notBefore = new Date("2026-01-01T00:00:00Z");
  const { certificatePem, keyPem } = await issueCertificate(authority, {
    names: ["shop.example.com"],
    notBefore,
    notAfter,
  });
  const encode = (pem: string) => Buffer.from(pem).toString("base64");
  const secret = (name: string) => `---
apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: infra }
type: kubernetes.io/tls
data: { tls.crt: ${encode(certificatePem)}, tls.key: ${encode(keyPem)} }
`;
  const tls = "tls: { certificateRefs: [{ name: shop }] }, allowedRoutes: { namespaces: { from: Same } }";
  text = gatewayWith(`port: 443, protocol: HTTPS, ${tls}`, secret("shop") + secret("unused"));
});

describe("a certificate", () => {
  it.each([
    ["of which much is left", "2027-01-30T11:59:59Z", []],
    [
      "with 30 days left",
      "2027-01-30T12:00:00Z",
      [
        "GH0007 warning: the certificate expires in 30 days, on 2027-03-01T12:00:00Z; used by listener http of Gateway infra/shared",
      ],
    ],
    [
      "with a day left",
      "2027-02-28T11:00:00Z",
      [expect.stringContaining("GH0007 warning: the certificate expires in 1 day, on")],
    ],
    ["with an hour left", "2027-03-01T11:00:00Z", [expect.stringContaining("expires in less than a day")]],
    [
      "at its very end",
      "2027-03-01T12:00:00Z",
      [expect.stringContaining("GH0008 error: the certificate has expired on 2027-03-01T12:00:00Z")],
    ],
  ])("%s", async (_name, now, want) => {
    const found = await findingsIn(text, now);
    expect(found.map(({ code, severity, message }) => `${code} ${severity}: ${message}`)).toEqual(want);
    for (const { object } of found) expect(object).toBe("Secret/infra/shop");
  });
});
