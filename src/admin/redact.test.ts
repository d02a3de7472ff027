import { expect, it } from "vitest";
import { redacted, redactSecrets } from "./redact.ts";

const pem = `-----BEGIN PRIVATE KEY-----\n${"c2VjcmV0".repeat(12)}\n-----END PRIVATE KEY-----\n`;

it("hides a private key and shows its certificate", () => {
  const secret = {
    name: "infra/tls",
    tls_certificate: {
      certificate_chain: { inline_bytes: "LS0tLS1CRUdJTg==" },
      private_key: { inline_bytes: Buffer.from(pem).toString("base64") },
    },
  };
  expect(redactSecrets(secret)).toEqual({
    name: "infra/tls",
    tls_certificate: { certificate_chain: { inline_bytes: "LS0tLS1CRUdJTg==" }, private_key: redacted },
  });
});

it.each([
  { name: "as text", value: pem },
  { name: "in base64", value: Buffer.from(pem).toString("base64") },
  { name: "in base64 for URLs", value: Buffer.from(`${pem}~~~???`).toString("base64url") },
  { name: "inside other bytes", value: Buffer.from(`\n\u0012\u0004name${pem}`).toString("base64") },
])("hides a private key $name in a field where nobody expects one", ({ value }) => {
  expect(redactSecrets({ typed_config: [{ "@type": "unknown", value }] })).toEqual({
    typed_config: [{ "@type": "unknown", value: redacted }],
  });
});

it.each(["generic_secret", "session_ticket_keys", "password", "hmac_secret"])("hides all of %s", (field) => {
  expect(redactSecrets({ a: { [field]: { secret: { inline_string: "hunter2" } } } })).toEqual({
    a: { [field]: redacted },
  });
});

it("hides the value of a header that carries a credential, and no other", () => {
  const headers = [
    { header: { key: "Authorization", value: "Basic aHVudGVyMg==" } },
    { header: { key: "x-api-key", raw_value: "aHVudGVyMg==" } },
    { header: { key: "x-team", value: "shop" } },
  ];
  expect(redactSecrets(headers)).toEqual([
    { header: { key: "Authorization", value: redacted } },
    { header: { key: "x-api-key", raw_value: redacted } },
    { header: { key: "x-team", value: "shop" } },
  ]);
});

it("leaves numbers, switches, names and absent values as they are", () => {
  const json = { name: "http-80", weight: 3, enabled: true, nothing: null, list: ["a", 1] };
  expect(redactSecrets(json)).toEqual(json);
});
