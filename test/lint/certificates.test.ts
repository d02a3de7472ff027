import { beforeAll, describe, expect, it } from "vitest";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { findingsIn, gatewayWith } from "./worlds.ts";

const notAfter = new Date("2027-03-01T12:00:00Z");
let text = "";
let authorityPem = "";
const frontend =
  "tls: { frontend: { default: { validation: { caCertificateRefs: [{ group: '', kind: ConfigMap, name: trusted }] } } } }";
const policy = `---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: strict, namespace: shop }
spec:
  targetRefs: [{ group: "", kind: Service, name: app }]
  validation: { hostname: app.example.com, caCertificateRefs: [{ group: "", kind: ConfigMap, name: trusted }] }
`;

beforeAll(async () => {
  const authority = await createCertificateAuthority();
  authorityPem = authority.certificatePem;
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

describe("an authority", () => {
  it.each([
    ["of a policy", "BackendTLSPolicy shop/strict", policy],
    ["of a Gateway's clients", "Gateway infra/shared", ""],
  ])("%s is told about like a certificate", async (_name, user, more) => {
    const namespace = more === "" ? "infra" : "shop";
    const trusted = `---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: trusted, namespace: ${namespace} }\ndata: { ca.crt: ${JSON.stringify(authorityPem)} }\n`;
    const gateway = more === "" ? text.replace("listeners:", `${frontend}\n  listeners:`) : text;
    const found = await findingsIn(gateway + trusted + more, "2031-01-01T00:00:00Z");
    const messages = found.filter(({ object }) => object === `ConfigMap/${namespace}/trusted`);
    expect(messages.map(({ code, message }) => [code, message.slice(message.indexOf(";"))])).toEqual([
      ["GH0008", `; used by ${user}`],
    ]);
  });
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
