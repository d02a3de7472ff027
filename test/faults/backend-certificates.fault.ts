import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { startBackend } from "../support/backend.ts";
import { type CertificateAuthority, createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import { scaled } from "./scale.ts";
import { startLoad, tellTotals } from "./support/load.ts";
import { authorities, backendTlsPolicy, gatewayOf, platform, route, service, tlsSecret } from "./support/manifests.ts";
import { startRealGateway } from "./support/real-gateway.ts";

const rounds = scaled({ short: 4, long: 200 });

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const name = "cart.shop.internal";
const bundle = (...issuers: readonly CertificateAuthority[]) =>
  authorities("backends", issuers.map(({ certificatePem }) => certificatePem).join(""));

it(`fault 12: the certificate and the authority of backends, and what the Gateway shows them, are replaced ${rounds} times under load: 0 failed requests, none in the clear`, async () => {
  let authority = await createCertificateAuthority("first");
  const clients = await createCertificateAuthority("clients");
  const issue = async (issuer: CertificateAuthority) => ({
    ...(await issueCertificate(issuer, { names: [name] })),
    clientAuthority: clients.certificatePem,
  });
  const identify = (round: number) => issueCertificate(clients, { names: [`edge-${round}`], usage: "client" });
  const start = async (backend: string) =>
    startBackend({
      name: backend,
      tls: await issue(authority),
      requestsPerConnection: 5,
    });
  // The scout shows first what all will show: it tells what the proxy trusts by now.
  const [backend, scout] = [await start("cart"), await start("scout")];
  for (const each of [backend, scout]) ends.push(() => each.stop());
  const withIdentity = { backend: { clientCertificateRef: { name: "identity" } } };
  const shared = gatewayOf("shared", { name: "http", port: 8080 });
  const gateway = await startRealGateway(0, async (manifests) => {
    await manifests.write("authorities.yaml", bundle(authority));
    await manifests.write("identity.yaml", tlsSecret("identity", await identify(-1)));
    const spec = { ...(shared["spec"] as object), tls: withIdentity };
    const others = platform("shared").filter(({ kind }) => kind !== "Gateway");
    await manifests.write("platform.yaml", ...others, { ...shared, spec });
    for (const { name: each, address, port } of [backend, scout]) {
      const validation = { hostname: name, caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "backends" }] };
      await manifests.write(
        `${each}.yaml`,
        ...service(each, { addresses: [address], port }),
        route(each, { host: `${each}.example.com`, rules: [{ path: "/", backend: each }] }),
        backendTlsPolicy(each, { service: each, validation }),
      );
    }
  });
  ends.push(() => gateway.end());
  const ask = (each: string) =>
    send({ address: gateway.address, port: 8080 }, { host: `${each}.example.com`, path: "/" });
  const statusOf = async (each: string) => (await ask(each)).status;
  await eventually("it is served", async () => (await statusOf("cart")) === 200);
  const target = { id: "cart", address: gateway.address, port: 8080, host: "cart.example.com", path: "/" };
  const load = await startLoad({ targets: [target], perSecond: 100 });
  const shown = new Set<string>();
  for (let round = 0; round < rounds; round += 1) {
    const next = await createCertificateAuthority(`authority ${round}`);
    await gateway.manifests.write("authorities.yaml", bundle(authority, next));
    scout.setTls(await issue(next));
    await eventually("the next authority is trusted", async () => (await statusOf("scout")) === 200);
    backend.setTls(await issue(next));
    await gateway.manifests.write("identity.yaml", tlsSecret("identity", await identify(round)));
    await eventually("the Gateway shows its next certificate", async () => {
      const answer = await ask("cart");
      return answer.status === 200 && JSON.parse(answer.body).tls.client === `edge-${round}`;
    });
    shown.add(`edge-${round}`);
    // Connections that were made in the old one's time have ended by then, politely.
    await sleep(300);
    await gateway.manifests.write("authorities.yaml", bundle(next));
    scout.setTls(await issue(authority));
    await eventually("the former authority is not", async () => (await statusOf("scout")) === 503);
    authority = next;
  }
  const totals = await load.stop();
  console.log(
    `fault 12: ${rounds} authorities of backends, ${2 * rounds} bundles, ${rounds} certificates of theirs and of the Gateway: ${tellTotals(totals)}`,
  );
  expect(totals.failures).toEqual([]);
  expect(totals.requests).toBeGreaterThan(rounds * 20);
  expect(shown.size).toBe(rounds);
  expect([...backend.handshakeErrors, ...scout.handshakeErrors]).not.toContain("ERR_SSL_HTTP_REQUEST");
  expect(new Set(backend.requests.map(({ tls }) => tls?.client)).size).toBe(rounds + 1);
});
