import { afterAll, beforeAll, expect, it } from "vitest";
import { createCertificateAuthority } from "../support/certificates.ts";
import { send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import { oddCertificate, pemOfDer, sequence, setOf } from "../support/odd-certificates.ts";
import { startLoad, tellTotals } from "./support/load.ts";
import { authorities, backendTlsPolicy, type Manifest, route, service } from "./support/manifests.ts";
import type { PickyGateway } from "./support/picky-gateway.ts";
import { startPickyWeb, toldPolicy } from "./support/told-policy.ts";

/** OpenSSL reads it, and BoringSSL does not: a part of its subject is empty. */
const oddAuthority = pemOfDer(oddCertificate({ subject: sequence(setOf()) }));

let gateway: PickyGateway;
let goodAuthority: string;

beforeAll(async () => {
  goodAuthority = (await createCertificateAuthority()).certificatePem;
  gateway = await startPickyWeb();
}, 60_000);

afterAll(() => gateway?.end());

async function quarantined(): Promise<readonly string[]> {
  const { quarantines } = (await gateway.debug("/debug/quarantines")) as {
    readonly quarantines: readonly { readonly object: string }[];
  };
  return quarantines.map(({ object }) => object);
}

/** A backend by TLS that nobody answers for, and its policy; `more` comes in the same moment. */
function vault(authority: string, ...more: readonly Manifest[]): Promise<void> {
  const caCertificateRefs = [{ group: "", kind: "ConfigMap", name: "ca" }];
  return gateway.manifests.write(
    "vault.yaml",
    ...service("vault", { addresses: ["127.0.0.1"], port: 9 }),
    route("vault", { host: "vault.example.com", rules: [{ path: "/", backend: "vault" }] }),
    authorities("ca", authority),
    backendTlsPolicy("vault", { service: "vault", validation: { hostname: "vault.internal", caCertificateRefs } }),
    ...more,
  );
}

/** A Service of its own for a hostname, so that it takes a cluster. */
function another(name: string): readonly Manifest[] {
  const host = `${name}.example.com`;
  return [
    ...service(name, { addresses: ["127.0.0.1"], port: 9 }),
    route(name, { host, rules: [{ path: "/", backend: name }] }),
  ];
}

const refused = "gatehouse.dev/Programmed=False RefusedByProxy proxies refuse the authorities in ConfigMap shop/ca";

it("fault 15: a proxy refuses the authorities of one backend: its owner is told, and clusters and listeners of others do not wait", async () => {
  await eventually("others are served", async () => (await gateway.ask("web.example.com", "/")) === 200);
  const target = { id: "web", address: gateway.address, port: 8080, host: "web.example.com", path: "/" };
  const load = await startLoad({ targets: [target], perSecond: 100 });
  const began = performance.now();
  await vault(oddAuthority, ...another("second"));
  await eventually("a new cluster is there", async () => (await gateway.ask("second.example.com", "/")) === 503);
  const applied = performance.now() - began;
  const all = { namespaces: { from: "All" } };
  await gateway.manifests.write(
    "platform.yaml",
    ...gateway.foundation({ name: "second", port: 8081, protocol: "HTTP", allowedRoutes: all }),
  );
  const second = { address: gateway.address, port: 8081 };
  await eventually(
    "a new listener is there",
    async () => (await send(second, { host: "web.example.com", path: "/" })).status === 200,
  );
  await eventually("its owner is told", async () =>
    (await toldPolicy(gateway, "vault")).some((line) => line.startsWith(refused)),
  );
  expect(await quarantined()).toEqual(["ConfigMap/shop/ca"]);
  expect((await toldPolicy(gateway, "vault"))[2]).toMatch(/: Failed to load trusted CA certificates/);
  const nacks = (await gateway.controlPlane.metrics()).get('gatehouse_xds_refusals_total{type="secret"}') ?? 0;
  const totals = await load.stop();
  console.log(
    `fault 15: the authorities of a backend: another cluster is there after ${applied.toFixed(0)} ms, ${nacks} refused; beside it ${tellTotals(totals)}`,
  );
  expect(totals.failures).toEqual([]);
  expect(applied).toBeLessThanOrEqual(5_000);
  expect(nacks).toBe(1);
});

it("fault 15: authorities that take the place of others and are refused are not passed over: the former ones count no more", async () => {
  await vault(goodAuthority);
  await eventually("nothing is left behind", async () => (await quarantined()).length === 0);
  await eventually("it is trusted", async () => (await toldPolicy(gateway, "vault")).length === 2);
  const holds = async () => (await clustersOfProxy()).includes("ca/shop/ca");
  await eventually("the proxy has them", holds);
  await vault(oddAuthority);
  await eventually("its owner is told", async () =>
    (await toldPolicy(gateway, "vault")).some((line) => line.startsWith(refused)),
  );
  await eventually("the proxy goes by the former ones no more", async () => !(await holds()));
});

it("fault 15: refused authorities are not sent again to a proxy that starts anew", async () => {
  const before = (await gateway.controlPlane.metrics()).get('gatehouse_xds_refusals_total{type="secret"}');
  await gateway.envoy?.stop();
  await gateway.startEnvoy();
  await eventually("others are served", async () => (await gateway.ask("web.example.com", "/")) === 200);
  expect(await gateway.ask("vault.example.com", "/")).toBe(503);
  expect((await gateway.controlPlane.metrics()).get('gatehouse_xds_refusals_total{type="secret"}')).toBe(before);
});

/** Its clusters, with the names of what they are given by SDS. */
async function clustersOfProxy(): Promise<string> {
  return JSON.stringify(await gateway.envoy?.configDump("?resource=dynamic_active_clusters"));
}
