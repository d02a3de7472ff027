import { Client, status } from "@grpc/grpc-js";
import { afterEach, expect, it } from "vitest";
import { type NamespacedName, namespacedName } from "../../src/core/keys.ts";
import { createAuthority, type KeyPair } from "../../src/identity/authority.ts";
import { eventually } from "../support/envoy.ts";
import type { FakeEnvoy, StreamEnd, Transport } from "../xds/fake-envoy.ts";
import { defaultFleet, FleetIdentities, fingerprintOf } from "../xds/fleet-identities.ts";
import { resource } from "../xds/resources.ts";
import { startWorld, type World } from "../xds/world.ts";
import { scaled } from "./scale.ts";

const { gateway, uid } = defaultFleet;
const other = { gateway: namespacedName("infra", "other"), uid: "uid-2" };
const service = "/envoy.service.discovery.v3.AggregatedDiscoveryService";
/** As it is by default in the long form. */
const recheckMs = scaled({ short: 2_000, long: 30_000 });
const rounds = scaled({ short: 1, long: 100 });

let world: World | undefined;
afterEach(() => world?.stop());

async function start(identities: FleetIdentities): Promise<World> {
  const started = await startWorld({ transport: "delta", security: identities.security, recheckMs });
  world = started;
  started.table.addFleet(other.gateway);
  started.set(resource("cluster", "a"), resource("secret", "key", "private"));
  return started;
}

/** Asks for everything, and for a private key by its name. */
function ask(client: FakeEnvoy): void {
  client.subscribe("cluster");
  client.subscribe("secret", "key");
}

it("fault 21: whoever is not a proxy of the Gateway is refused, whatever they show, claim and call, and gets no resource", async () => {
  const identities = await FleetIdentities.create();
  const { connect, server, gateway: served } = await start(identities);
  const [proxy, neighbour] = [await identities.proxy(), await identities.proxy(other)];
  const foreign = await createAuthority(Date.now(), 3_600_000);
  const hour = 3_600_000;
  const strangers: Readonly<Record<string, readonly [KeyPair | undefined, NamespacedName]>> = {
    "no certificate": [undefined, served],
    "a certificate of another authority": [await identities.proxy({ issuer: foreign }), served],
    "its own authority": [foreign, served],
    "an expired certificate": [await identities.proxy({ issued: Date.now() - 2 * hour }), served],
    "a certificate that is not listed": [await identities.proxy({ listed: false }), served],
    "the uid of a Gateway that is gone": [await identities.proxy({ uid: "uid-0", listed: false }), served],
    "another fleet's certificate and this node.cluster": [neighbour, served],
    "this fleet's certificate and another node.cluster": [proxy, other.gateway],
    "this fleet's certificate and no fleet's node.cluster": [proxy, namespacedName("infra", "nobody")],
  };
  let attempts = 0;
  const codes = new Map<number, number>();
  for (let round = 0; round < rounds; round++) {
    for (const transport of ["delta", "sotw"] satisfies Transport[]) {
      for (const [name, [pair, cluster]] of Object.entries(strangers)) {
        const client = connect({ transport, cluster, credentials: identities.credentials(pair) });
        ask(client);
        const { code } = await client.ended;
        expect([status.PERMISSION_DENIED, status.UNAVAILABLE], name).toContain(code);
        expect(client.received, name).toEqual([]);
        attempts += 1;
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    }
    for (const pair of [proxy, neighbour, undefined]) {
      for (const path of otherMethods) {
        expect([status.UNIMPLEMENTED, status.UNAVAILABLE]).toContain(
          (await callUnary(server.port, path, identities, pair)).code,
        );
        attempts += 1;
      }
    }
  }
  expect(server.sent()).toBe(0);
  const client = connect({ credentials: identities.credentials(proxy) });
  ask(client);
  await client.take("cluster");
  console.log(
    `${attempts} attempts, all refused (${codes.get(status.PERMISSION_DENIED)} by what they may not, ` +
      `${codes.get(status.UNAVAILABLE)} in the handshake), 0 responses; the Gateway's own proxy is served`,
  );
});

it("fault 21: a node that becomes another in mid-stream is cut off, and gets nothing that it had not", async () => {
  const identities = await FleetIdentities.create();
  const { connect, server, table } = await start(identities);
  table.update(other.gateway, [{ type: "secret", name: "theirs", resource: resource("secret", "theirs") }]);
  const credentials = identities.credentials(await identities.proxy());
  const flips = [{ cluster: other.gateway }, { id: "proxy-9" }, { metadata: { fields: { a: { string_value: "b" } } } }];
  let count = 0;
  for (const transport of ["delta", "sotw"] satisfies Transport[]) {
    for (const flip of flips) {
      const client = connect({ transport, credentials });
      client.subscribe("cluster");
      await client.take("cluster");
      const sent = server.sent();
      client.nodeFlip("secret", flip);
      client.subscribe("secret", "theirs", "key");
      expect((await client.ended).code).toBe(status.INVALID_ARGUMENT);
      expect(server.sent()).toBe(sent);
      await client.close();
      count += 1;
    }
  }
  console.log(`${count} streams whose node changed, all ended with INVALID_ARGUMENT, 0 responses after that`);
});

it("fault 21: the streams of a Gateway that is deleted, or whose certificate is taken back, end within 60 s", async () => {
  const identities = await FleetIdentities.create();
  const { connect, server, table } = await start(identities);
  const [kept, revoked] = [await identities.proxy(), await identities.proxy()];
  const lasting = connect({ credentials: identities.credentials(kept), nodeId: "kept" });
  const ending = connect({ credentials: identities.credentials(revoked), nodeId: "revoked" });
  const theirs = connect({
    credentials: identities.credentials(await identities.proxy(other)),
    cluster: other.gateway,
  });
  for (const client of [lasting, ending, theirs]) {
    client.subscribe("cluster");
    await client.take("cluster");
  }
  const began = performance.now();
  identities.accepted.delete(`${gateway} ${uid} ${fingerprintOf(revoked)}`);
  table.removeFleet(other.gateway);
  const sent = server.sent();
  for (const client of [ending, theirs]) expect((await client.ended).code).toBe(status.PERMISSION_DENIED);
  const tookMs = performance.now() - began;
  expect(server.sent()).toBe(sent);
  expect(tookMs).toBeLessThanOrEqual(2 * recheckMs);
  await eventually("one is left", () => server.open() === 1);
  const late = connect({ credentials: identities.credentials(revoked), nodeId: "late" });
  ask(late);
  expect((await late.ended).code).toBe(status.PERMISSION_DENIED);
  console.log(`both streams ended after ${tookMs.toFixed(0)} ms, with a look each ${recheckMs} ms; the third goes on`);
});

const otherMethods = [
  `${service}/FetchAggregatedResources`,
  `${service}/Other`,
  "/envoy.service.secret.v3.SecretDiscoveryService/FetchSecrets",
  "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets",
  "/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus",
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
];

/** Calls any method as a request with one answer. */
function callUnary(
  port: number,
  path: string,
  identities: FleetIdentities,
  pair: KeyPair | undefined,
): Promise<StreamEnd> {
  return new Promise((resolve) => {
    const client = new Client(`127.0.0.1:${port}`, identities.credentials(pair), {
      "grpc.use_local_subchannel_pool": 1,
    });
    const pass = (message: Buffer) => message;
    const call = client.makeUnaryRequest(path, pass, pass, Buffer.from("anything"), () => {});
    call.on("status", (end: StreamEnd) => {
      client.close();
      resolve(end);
    });
  });
}
