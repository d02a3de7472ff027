import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../support/envoy.ts";
import { startLoad, tellTotals } from "./support/load.ts";
import { backendTlsPolicy, type Manifest, route, service } from "./support/manifests.ts";
import type { PickyGateway } from "./support/picky-gateway.ts";
import { startPickyWeb, toldPolicy } from "./support/told-policy.ts";

/** As long as we let pass here, and longer than a server name may be for Envoy. */
const longName = Array.from({ length: 150 }, () => "a").join(".");

let gateway: PickyGateway;

beforeAll(async () => {
  gateway = await startPickyWeb();
}, 60_000);

afterAll(() => gateway?.end());

it("fault 15: a proxy refuses the names in a policy for one backend: nothing is sent there any more, and all others go on", async () => {
  const vault: readonly Manifest[] = [
    ...service("vault", { addresses: ["127.0.0.1"], port: 9 }),
    route("vault", { host: "vault.example.com", rules: [{ path: "/", backend: "vault" }] }),
  ];
  await gateway.manifests.write("vault.yaml", ...vault);
  await eventually("both are served", async () => (await gateway.ask("web.example.com", "/")) === 200);
  await eventually("its backend is asked", async () => (await gateway.ask("vault.example.com", "/")) === 503);
  const target = { id: "web", address: gateway.address, port: 8080, host: "web.example.com", path: "/" };
  const load = await startLoad({ targets: [target], perSecond: 100 });
  const began = performance.now();
  const bad = backendTlsPolicy("vault", { service: "vault", validation: { hostname: longName } });
  const edit = route("more", { host: "more.example.com", rules: [{ path: "/", backend: "web" }] });
  await gateway.manifests.write("vault.yaml", ...vault, bad, edit);
  await eventually("others are applied", async () => (await gateway.ask("more.example.com", "/")) === 200);
  const applied = performance.now() - began;
  await eventually("its own answers 500", async () => (await gateway.ask("vault.example.com", "/")) === 500);
  const closed = performance.now() - began;
  await eventually("its owner is told", async () =>
    (await toldPolicy(gateway, "vault")).some((line) => line.includes("RefusedByProxy")),
  );
  const { quarantines } = await gateway.debug("/debug/quarantines");
  expect(quarantines).toEqual([expect.objectContaining({ object: "Service/shop/vault" })]);
  expect((await toldPolicy(gateway, "vault"))[2]).toMatch(
    /^gatehouse.dev\/Programmed=False RefusedByProxy proxies refuse port 80 .*sni/i,
  );

  // An invalid name is refused before any proxy sees it.
  const subjectAltNames = [{ type: "URI", uri: "spiffe://a b" }];
  const worse = backendTlsPolicy("vault", {
    service: "vault",
    validation: { hostname: "vault.internal", subjectAltNames },
  });
  await gateway.manifests.write("vault.yaml", ...vault, worse, edit);
  await eventually("it answers 503", async () => (await gateway.ask("vault.example.com", "/")) === 503);
  expect((await toldPolicy(gateway, "vault"))[0]).toMatch(
    /^Accepted=False Invalid subjectAltNames\[0\]: uri "spiffe:\/\/a b"/,
  );
  await eventually("nothing is left behind", async () => {
    const { quarantines } = await gateway.debug("/debug/quarantines");
    return (quarantines as readonly unknown[]).length === 0;
  });
  const refused = (await gateway.controlPlane.metrics()).get('gatehouse_xds_refusals_total{type="cluster"}') ?? 0;
  const totals = await load.stop();
  console.log(
    `fault 15: the name of a backend: others applied after ${applied.toFixed(0)} ms, its own closed after ${closed.toFixed(0)}, ${refused} refused; beside it ${tellTotals(totals)}`,
  );
  expect(totals.failures).toEqual([]);
  expect(applied).toBeLessThanOrEqual(5_000);
  expect(closed).toBeLessThanOrEqual(5_000);
  expect(refused).toBeGreaterThan(0);
});
