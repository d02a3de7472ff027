import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { decodeResource } from "../../src/app/decode-resource.ts";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import type { XdsResource } from "../../src/core/xds-resource.ts";
import { createCertificateAuthority, type IssuedCertificate, issueCertificate } from "../support/certificates.ts";
import { foundation, QuarantineWorld, route, service, shared } from "./quarantine-world.ts";

const words = "Failed to load trusted CA certificates from <inline>";
let world: QuarantineWorld;
let pems: readonly string[];
let certificate: IssuedCertificate;

beforeAll(async () => {
  const [one, ...others] = await Promise.all(["one", "two", "three"].map((name) => createCertificateAuthority(name)));
  if (one === undefined) throw new Error("bug: three were made");
  pems = [one, ...others].map(({ certificatePem }) => certificatePem);
  certificate = await issueCertificate(one, { names: ["shop.example.com"] });
});

beforeEach(() => {
  world = new QuarantineWorld();
  world.apply(foundation);
});

function names(type: XdsResource["type"]): readonly string[] {
  return [...world.table.entries(shared, type).keys()].sort();
}

function refuse(secret: string): void {
  world.refuse({ gateway: shared, resource: world.resource("secret", secret), words });
}

function bundle(name: string, pem = "", namespace = "shop"): string {
  const data = JSON.stringify({ "ca.crt": pem });
  return `---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: ${namespace} }\ndata: ${data}\n`;
}

function secret(name: string): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const data = `{ tls.crt: ${base64(certificate.certificatePem)}, tls.key: ${base64(certificate.keyPem)} }`;
  return `---\napiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata: { name: ${name}, namespace: infra }\ndata: ${data}\n`;
}

/** The shared Gateway as it is, and more of its spec. */
function gateway(more: string): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: shared, namespace: infra }
spec:
  gatewayClassName: gatehouse
${more}`;
}

describe("authorities of backends that proxies refuse", () => {
  const policy = (target: string, ...refs: readonly string[]) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: ${target}, namespace: shop }
spec:
  targetRefs: [{ group: "", kind: Service, name: ${target} }]
  validation:
    hostname: ${target}.internal
    caCertificateRefs: [${refs.map((name) => `{ group: "", kind: ConfigMap, name: ${name} }`).join(", ")}]
`;
  const paths = { "/cart": "{ name: cart, port: 80 }", "/pay": "{ name: pay, port: 80 }" };

  beforeEach(() => {
    const [one, two] = pems;
    world.apply(bundle("one", one) + bundle("two", two) + policy("cart", "one") + policy("pay", "one", "two"));
    world.apply(route("web", paths) + service("shop", "cart") + service("shop", "pay"));
  });

  function told(name: string): readonly string[] {
    const status = world.statuses.get(objectKey("BackendTLSPolicy", namespacedName("shop", name)));
    if (status?.kind !== "Policy") throw new Error(`${name} has no status`);
    const conditions = status.ancestors[0]?.conditions ?? [];
    return conditions.slice(2).map(({ type, status: is, reason, message }) => `${type} ${is} ${reason} ${message}`);
  }

  /** Whether a cluster speaks to its Service, and by which authorities. */
  function cluster(name: string): string {
    const text = JSON.stringify(decodeResource(world.resource("cluster", `shop/${name}/80`)));
    return /"(ca\/[^"]*)"/.exec(text)?.[1] ?? "speaks to nobody";
  }

  it("are not sent, nothing is sent to their backend, and no other backend is touched", () => {
    expect(names("secret")).toEqual(["ca/shop/one", "ca/shop/one+shop/two"]);
    refuse("ca/shop/one");
    expect(names("secret")).toEqual(["ca/shop/one+shop/two"]);
    expect([cluster("cart"), cluster("pay")]).toEqual(["speaks to nobody", "ca/shop/one+shop/two"]);
    expect(told("cart")).toEqual([
      `gatehouse.dev/Programmed False RefusedByProxy proxies refuse the authorities in ConfigMap shop/one: ${words}`,
    ]);
    expect(told("pay")).toEqual([]);
    expect(world.keeper.all.map(({ spec }) => spec.object)).toEqual(["ConfigMap/shop/one"]);
  });

  it("stay refused as long as they are what they were", () => {
    refuse("ca/shop/one");
    world.keeper.lead(true);
    world.apply(bundle("one", pems[0]) + policy("cart", "one"));
    expect([cluster("cart"), world.keeper.all.length]).toEqual(["speaks to nobody", 1]);
  });

  it("of several ConfigMaps get another try when one of them changes, and leave nothing behind", async () => {
    refuse("ca/shop/one+shop/two");
    expect([cluster("cart"), cluster("pay")]).toEqual(["ca/shop/one", "speaks to nobody"]);
    expect(told("pay")).toEqual([
      `gatehouse.dev/Programmed False RefusedByProxy proxies refuse the authorities in ConfigMap shop/one and shop/two: ${words}`,
    ]);
    expect(world.keeper.all.map(({ spec }) => spec.object)).toEqual(["ConfigMap/shop/one", "ConfigMap/shop/two"]);
    world.keeper.lead(true);
    world.apply(bundle("two", pems[2]));
    expect([cluster("pay"), told("pay")]).toEqual(["ca/shop/one+shop/two", []]);
    await new Promise(setImmediate);
    expect(world.keeper.all).toEqual([]);
  });

  describe("while the Gateway shows a certificate of its own", () => {
    const shows = gateway(`  tls: { backend: { clientCertificateRef: { name: own } } }
  listeners: [{ name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }]
`);

    it("keep it from nobody: where Envoy names it, they are meant", () => {
      world.apply(secret("own") + shows + policy("pay", "one"));
      refuse("infra/own");
      expect(names("secret")).toEqual([]);
      expect(world.keeper.all.map(({ spec }) => spec.object)).toEqual(["ConfigMap/shop/one"]);
    });

    it("are not guessed: of several backends none goes for another", () => {
      world.apply(secret("own") + shows);
      refuse("infra/own");
      expect(names("secret")).toEqual(["ca/shop/one", "ca/shop/one+shop/two", "infra/own"]);
      expect(world.keeper.all).toEqual([]);
      expect(world.warnings).toEqual(["a proxy has refused what is no object's, or is another by now"]);
    });
  });
});

describe("authorities of clients that proxies refuse", () => {
  const listeners = `  listeners:
    - { name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: own }] } }
    - { name: other, port: 444, protocol: HTTPS, tls: { certificateRefs: [{ name: own }] } }
  tls: { frontend: { perPort: [{ port: 443, tls: { validation: { caCertificateRefs: [{ group: "", kind: ConfigMap, name: clients }] } } }], default: {} } }
`;

  beforeEach(() => {
    world.apply(secret("own") + bundle("clients", pems[0], "infra") + gateway(listeners));
  });

  function told(listener: string): readonly string[] {
    const status = world.statuses.get(objectKey("Gateway", shared));
    if (status?.kind !== "Gateway") throw new Error("bug: a Gateway has the status of one");
    const conditions = status.listeners.find(({ name }) => name === listener)?.conditions ?? [];
    return conditions
      .filter(({ type, status: is }) => is === "False" && (type === "Accepted" || type === "ResolvedRefs"))
      .map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  }

  it.each([
    ["by name", "ca/infra/clients"],
    ["by the certificate that came last", "infra/own"],
  ])("close their port and no other one, named %s", (_name, named) => {
    expect(names("listener")).toEqual(["https-443", "https-444"]);
    refuse(named);
    expect(names("listener")).toEqual(["https-444"]);
    expect(told("https")).toEqual([
      expect.stringMatching(/^Accepted NoValidCACertificate /),
      `ResolvedRefs InvalidCACertificateRef ConfigMap infra/clients is refused by proxies: ${words}`,
    ]);
    expect(told("other")).toEqual([]);
  });

  it("get another try with other content", () => {
    refuse("ca/infra/clients");
    world.apply(bundle("clients", pems[1], "infra"));
    expect([names("listener"), told("https")]).toEqual([["https-443", "https-444"], []]);
  });
});
