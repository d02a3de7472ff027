/** Policies for others' Services, and bundles of authorities that cost. */
import { backendTlsPolicy, configMap, type PlainObject, prefix, rule } from "../objects.ts";
import { attack, type Family, grab, mine, sequence } from "./attack.ts";

const own = grab(["p.mallory.example"], [rule([prefix("/")])]);
const target = (name: string, more: PlainObject = {}): PlainObject => ({ group: "", kind: "Service", name, ...more });
const bundle: PlainObject = { group: "", kind: "ConfigMap", name: "ca" };
const validation: PlainObject = { hostname: "app.example", caCertificateRefs: [bundle] };
const pem = `-----BEGIN CERTIFICATE-----\n${"QUFB".repeat(16)}\n-----END CERTIFICATE-----\n`;

export const policies: Family = {
  name: "BackendTLSPolicies",
  attacks: [
    ...["app", "../ns-api/app", "ns-api/app", "sealed", "ns-cert/sealed"].map((name) =>
      attack(`policy for ${name}`, own, backendTlsPolicy(mine(), { targetRefs: [target(name)], validation })),
    ),
    attack(
      "policy with a namespace in its target",
      own,
      backendTlsPolicy(mine(), { targetRefs: [target("app", { namespace: "ns-api" })], validation }),
    ),
    attack(
      "policy for the Gateway",
      backendTlsPolicy(mine(), {
        targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" }],
        validation,
      }),
    ),
    attack(
      "authorities of another namespace",
      own,
      backendTlsPolicy(mine(), {
        targetRefs: [target("app")],
        validation: { ...validation, caCertificateRefs: [{ ...bundle, namespace: "ns-cert", name: "ca" }] },
      }),
    ),
    attack(
      "a Secret as authorities",
      own,
      backendTlsPolicy(mine(), {
        targetRefs: [target("app")],
        validation: { ...validation, caCertificateRefs: [{ group: "", kind: "Secret", name: "tls" }] },
      }),
    ),
    ...["System", "example.com/mine"].map((wellKnownCACertificates) =>
      attack(
        `well-known authorities ${wellKnownCACertificates}`,
        own,
        backendTlsPolicy(mine(), {
          targetRefs: [target("app")],
          validation: { hostname: "app.example", wellKnownCACertificates },
        }),
      ),
    ),
    ...["app.example\u0000", "*.example", "a b", "x".repeat(254), "", "127.0.0.1"].map((hostname) =>
      attack(
        `the hostname ${hostname}`,
        own,
        backendTlsPolicy(mine(), { targetRefs: [target("app")], validation: { ...validation, hostname } }),
      ),
    ),
    attack(
      "sixteen targets each, by the dozen",
      own,
      ...Array.from({ length: 20 }, (_, at) =>
        backendTlsPolicy(mine(`grab-${at}`), {
          targetRefs: Array.from({ length: 16 }, (_, index) => target(index === 0 ? "app" : `s${at}-${index}`)),
          validation,
        }),
      ),
    ),
    attack(
      "options without sense",
      own,
      backendTlsPolicy(mine(), {
        targetRefs: [target("app")],
        validation,
        options: { "example.com/x": "y".repeat(4096), "gatehouse.dev/ownership": "Off" },
      }),
    ),
    sequence(
      "a policy that comes and goes",
      own,
      backendTlsPolicy(mine(), { targetRefs: [target("app")], validation }),
      { manifest: backendTlsPolicy(mine(), { targetRefs: [target("app")], validation }), deleted: true },
      backendTlsPolicy(mine(), { targetRefs: [target("app", { sectionName: "http" })], validation }),
    ),
  ],
};

const contents: Readonly<Record<string, PlainObject>> = {
  "a bundle of a mebibyte": { "ca.crt": pem.repeat(Math.floor((1024 * 1024 - 100) / pem.length)) },
  "a bundle beyond a mebibyte": { "ca.crt": pem.repeat(Math.ceil((2 * 1024 * 1024) / pem.length)) },
  "a mebibyte of nothing": { "ca.crt": "\n".repeat(1024 * 1024 - 10) },
  "a mebibyte of beginnings": { "ca.crt": "-----BEGIN CERTIFICATE-----\n".repeat(37_000) },
  "a bundle without an end": { "ca.crt": `-----BEGIN CERTIFICATE-----\n${"A".repeat(1_000_000)}` },
  "an empty bundle": { "ca.crt": "" },
  "no bundle": {},
};

export const bundles: Family = {
  name: "ConfigMaps of authorities",
  attacks: Object.entries(contents).map(([name, data]) =>
    attack(
      name,
      own,
      configMap(mine("ca"), data),
      backendTlsPolicy(mine(), { targetRefs: [target("app")], validation }),
    ),
  ),
};
