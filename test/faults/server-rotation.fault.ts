import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { status } from "@grpc/grpc-js";
import { afterEach, expect, it } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import { createAuthority, type KeyPair } from "../../src/identity/authority.ts";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { eventually } from "../support/envoy.ts";
import type { FakeEnvoy } from "../xds/fake-envoy.ts";
import { FleetIdentities, serverName } from "../xds/fleet-identities.ts";
import { resource } from "../xds/resources.ts";
import { startWorld, type World } from "../xds/world.ts";
import { scaled } from "./scale.ts";
import { startLoad, tellTotals } from "./support/load.ts";
import { namespace, platform, route, service, tlsSecret } from "./support/manifests.ts";
import { type RealGateway, startRealGateway } from "./support/real-gateway.ts";

const count = scaled({ short: 20, long: 100 });
const rounds = scaled({ short: 3, long: 50 });
const rotations = scaled({ short: 30, long: 1_000 });
const hour = 3_600_000;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

it(`fault 12: the server's certificate and authority are replaced ${rounds} times under load: no valid stream ends, all others are refused`, async () => {
  const identities = await FleetIdentities.create();
  const world = await startWorld({ transport: "delta", security: identities.security });
  ends.push(() => world.stop());
  const other = { gateway: namespacedName("infra", "other"), uid: "uid-2" };
  world.table.addFleet(other.gateway);
  const followed: Followed[] = [];
  const join = (pair: KeyPair, trusted: readonly KeyPair[]) =>
    followed.push(follow(world, identities, { pair, trusted, nodeId: `proxy-${followed.length}` }));
  const first = await identities.proxy();
  for (let index = 0; index < count; index++) join(first, [identities.authority]);
  let edits = 0;
  const load = setInterval(() => {
    edits += 1;
    world.set(resource("cluster", "busy", String(edits)));
  }, 20);
  ends.push(async () => clearInterval(load));
  let [refused, slowestMs] = [0, 0];
  const look = async (pair: KeyPair, trusted: readonly KeyPair[]) => {
    const began = performance.now();
    const wanted = String(identities.material.current()?.cert).trim();
    await eventually("the new certificate is shown", async () => (await shown(world, pair, trusted)) === wanted, 30);
    slowestMs = Math.max(slowestMs, performance.now() - began);
    refused += await refuseAll(world, identities, other);
  };
  for (let round = 0; round < rounds; round++) {
    const [before, next] = [identities.authority, await createAuthority(Date.now(), 100 * hour)];
    const old = await identities.proxy();
    await identities.showServer([before]);
    await look(old, [before]);
    await identities.showServer([before, next]);
    await look(old, [before, next]);
    identities.authority = next;
    const renewed = await identities.proxy();
    await identities.showServer([next, before]);
    for (const pair of [old, renewed]) {
      await look(pair, [before, next]);
      join(pair, [before, next]);
    }
    await identities.showServer([next]);
    await look(renewed, [next]);
    join(renewed, [next]);
  }
  clearInterval(load);
  const last = resource("cluster", "busy", "last");
  world.set(last);
  await eventually("all have the last edit", () => followed.every((one) => one.holds(last.version)), 30);
  console.log(
    `${rounds} authorities and ${4 * rounds} certificates in ${edits} edits: 0 of ${followed.length} streams ended, ` +
      `${refused} strangers refused, the new certificate was shown after ${slowestMs.toFixed(0)} ms at most`,
  );
  expect(followed.filter(({ hasEnded }) => hasEnded())).toEqual([]);
  expect(world.server.open()).toBe(followed.length);
  expect(slowestMs).toBeLessThanOrEqual(30_000);
});

it(`fault 12: a listener's certificate is replaced ${rotations} times on a real Envoy under load: 0 failed requests`, async () => {
  const host = "web.example.com";
  const authority = await createCertificateAuthority();
  const issue = () => issueCertificate(authority, { names: [host] });
  const gateway: RealGateway = await startRealGateway(1, async (manifests, { addresses, port }) => {
    await manifests.write("certificate.yaml", tlsSecret("web", await issue()));
    const listener = { name: "https", port: 8443, hostname: host, secret: "web" };
    await manifests.write("platform.yaml", ...platform("shared", listener), namespace("shop"));
    await manifests.write("service.yaml", ...service("x", { addresses, port }));
    await manifests.write("route.yaml", route("web", { host, rules: [{ path: "/", backend: "x" }] }));
  });
  ends.push(() => gateway.end());
  const target = { address: gateway.address, port: 8443, host, path: "/", authority: authority.certificatePem };
  const seen = () => certificateOf(gateway.address, authority.certificatePem, host);
  await eventually("it is served", seen);
  const load = await startLoad({
    targets: (["http1", "http2"] as const).map((protocol) => ({ id: protocol, protocol, ...target })),
  });
  const took: number[] = [];
  for (let rotation = 0; rotation < rotations; rotation++) {
    const renewed = await issue();
    const began = performance.now();
    await gateway.manifests.write("certificate.yaml", tlsSecret("web", renewed));
    await eventually("new connections see it", async () => (await seen()) === renewed.certificatePem.trim());
    took.push(performance.now() - began);
    await sleep(100);
  }
  const totals = await load.stop();
  const slowest = Math.max(...took).toFixed(0);
  console.log(
    `${rotations} certificates of a listener, each shown to new connections after ${slowest} ms at most; ${tellTotals(totals)}`,
  );
  expect(totals.failures).toEqual([]);
  expect(totals.requests).toBeGreaterThan(500);
  expect([...(await gateway.envoy.stats("update_rejected$|rq_5xx$")).values()].filter(Boolean)).toEqual([]);
});

/** A proxy that takes whatever comes. */
interface Followed {
  holds(version: string): boolean;
  hasEnded(): boolean;
}

function follow(
  world: World,
  identities: FleetIdentities,
  options: { readonly pair: KeyPair; readonly trusted: readonly KeyPair[]; readonly nodeId: string },
): Followed {
  const { pair, trusted, nodeId } = options;
  const client: FakeEnvoy = world.connect({ nodeId, credentials: identities.credentials(pair, trusted) });
  let hasEnded = false;
  void client.ended.then(() => {
    hasEnded = true;
  });
  client.subscribe("cluster");
  const take = async () => {
    while (!hasEnded) await client.take("cluster").catch(() => {});
  };
  void take();
  return { holds: (version) => client.held("cluster").get("busy") === version, hasEnded: () => hasEnded };
}

/** Whoever should not get in tries; returns how many were turned away. */
async function refuseAll(
  world: World,
  identities: FleetIdentities,
  other: { readonly gateway: ReturnType<typeof namespacedName>; readonly uid: string },
): Promise<number> {
  const foreign = await createAuthority(Date.now(), hour);
  const strangers = [
    undefined,
    await identities.proxy({ issuer: foreign }),
    await identities.proxy({ issued: Date.now() - 2 * hour }),
    await identities.proxy(other),
    await identities.proxy({ listed: false }),
  ];
  const current = String(identities.material.current()?.ca);
  const trusted = [{ cert: current, key: "" }];
  for (const pair of strangers) {
    const client = world.connect({ nodeId: "stranger", credentials: identities.credentials(pair, trusted) });
    client.subscribe("cluster");
    expect([status.PERMISSION_DENIED, status.UNAVAILABLE]).toContain((await client.ended).code);
    expect(client.received).toEqual([]);
  }
  return strangers.length;
}

/** The certificate that the server shows a proxy on a new connection. */
const shown = (world: World, pair: KeyPair, trusted: readonly KeyPair[]) =>
  certificateOfServer({
    host: "127.0.0.1",
    port: world.server.port,
    servername: serverName,
    ca: trusted.map(({ cert }) => cert).join(""),
    ...pair,
  });

const certificateOf = (host: string, ca: string, servername: string) =>
  certificateOfServer({ host, port: 8443, servername, ca });

function certificateOfServer(options: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ ...options, ALPNProtocols: ["h2"] }, () => {
      resolve(String(socket.getPeerX509Certificate()).trim());
      socket.destroy();
    });
    socket.on("error", reject);
  });
}
