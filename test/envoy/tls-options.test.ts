import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, startBackend } from "../support/backend.ts";
import { type CertificateAuthority, createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { backendOf, foundation, gatewayOf, httpsListenerOf, secretOf } from "../support/gateway-manifests.ts";
import { type ServedWorld, startServedWorld } from "../support/served-world.ts";
import { askOverTls, type TlsClient } from "./tls-client.ts";

const port = 8443;
const edge = "Gateway/infra/edge";

let world: ServedWorld;
let backend: Backend;
let authority: CertificateAuthority;

beforeAll(async () => {
  authority = await createCertificateAuthority();
  backend = await startBackend({ name: "cart" });
  world = await startServedWorld();
  const certificate = await issueCertificate(authority, { names: ["*.example.com"], keyKind: "rsa" });
  await world.apply(foundation + secretOf("server", certificate) + backendOf(backend));
});

afterAll(async () => {
  await world?.stop();
  await backend?.stop();
});

/** Listeners of one port, each with its options; the Gateway's parameters say 1.2. */
async function serve(options: Readonly<Record<string, string>>): Promise<void> {
  const listeners = Object.entries(options).map(([name, written]) =>
    httpsListenerOf(
      name,
      port,
      `hostname: ${name}.example.com, tls: { certificateRefs: [{ name: server }], options: { ${written} } },`,
    ),
  );
  await world.apply(gatewayOf(`listeners: [${listeners.join(", ")}]`));
}

const ask = (name: string, more: Partial<TlsClient> = {}) =>
  askOverTls({
    address: world.address,
    port,
    serverName: `${name}.example.com`,
    authority: authority.certificatePem,
    ...more,
  });

describe("options of one listener", () => {
  it("decide its handshakes, and those of no other on its port", async () => {
    await serve({
      modern: 'gatehouse.dev/minimum-version: "1.3"',
      chosen: "gatehouse.dev/cipher-suites: ECDHE-RSA-AES256-GCM-SHA384",
      silent: "example.com/minimum-version: none",
    });
    const old = { version: "TLSv1.2" } as const;
    expect((await ask("modern", old)).status).toBeUndefined();
    expect(await ask("modern", { version: "TLSv1.3" })).toMatchObject({ status: 200, protocol: "TLSv1.3" });
    expect(await ask("chosen", old)).toMatchObject({ status: 200, cipher: "ECDHE-RSA-AES256-GCM-SHA384" });
    const other = { ...old, ciphers: "ECDHE-RSA-AES128-GCM-SHA256" };
    expect((await ask("chosen", other)).status).toBeUndefined();
    expect(await ask("silent", other)).toMatchObject({ status: 200, cipher: "ECDHE-RSA-AES128-GCM-SHA256" });
  });

  it("that are wrong close it alone, and say what is wrong", async () => {
    await serve({ wrong: 'gatehouse.dev/minimum-version: "1.1"', silent: "example.com/a: b" });
    expect(world.conditions(edge, "wrong")).toContain("Accepted=False UnsupportedValue");
    expect(world.messages(edge, "wrong")).toContain(
      'spec.listeners[0].tls.options[gatehouse.dev/minimum-version] is "1.1", which is neither 1.2 nor 1.3',
    );
    expect(world.conditions(edge, "silent")).toContain("Accepted=True Accepted");
    expect((await ask("wrong")).status).toBeUndefined();
    expect((await ask("silent")).status).toBe(200);
  });

  it("may be taken by proxies: every cipher suite that can be named", async () => {
    const { cipherSuiteNames } = await import("../../src/core/gateway-parameters.ts");
    await serve({ all: `gatehouse.dev/cipher-suites: "${cipherSuiteNames.join(",")}"` });
    expect((await ask("all", { version: "TLSv1.2" })).status).toBe(200);
  });
});
