import { Client, credentials, status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DataPlaneState } from "../../src/core/data-plane.ts";
import { type NamespacedName, namespacedName } from "../../src/core/keys.ts";
import type { TlsMaterial } from "../../src/core/tls-material.ts";
import { createAuthority, issueCertificate, type KeyPair } from "../../src/identity/authority.ts";
import { PeerClient } from "../../src/peers/peer-client.ts";
import { encodePeerMessage, type PeerMessage } from "../../src/peers/peer-message.ts";
import { PeerReports } from "../../src/peers/peer-reports.ts";
import { createPeerServer, type PeerServer } from "../../src/peers/peer-server.ts";
import { HandClock } from "../identity/hand-clock.ts";
import { eventually, sleep } from "../support/envoy.ts";
import { TestMaterial } from "../support/test-material.ts";

const trustDomain = "gatehouse.test";
const hour = 3_600_000;
const [shared, other] = [namespacedName("infra", "shared"), namespacedName("infra", "other")];
const state = (proxies: number, version = "1"): DataPlaneState => ({
  proxies,
  readyProxies: proxies,
  listeners: new Map([["http-80", [version]]]),
  refusals: new Map(),
});

let authority: KeyPair;
let now: number;
const open: { stop(): unknown }[] = [];

beforeEach(async () => {
  now = Date.now();
  authority = await createAuthority(now, 100 * hour);
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});

async function issue(
  options: { readonly issuer?: KeyPair; readonly uri?: string; readonly trusted?: readonly KeyPair[] } = {},
) {
  const { issuer = authority, uri = `spiffe://${trustDomain}/control-plane`, trusted = [authority] } = options;
  const request = { usages: ["server", "client"], dnsNames: ["gatehouse"], uri, now, lifeMs: 24 * hour } as const;
  const { cert, key } = await issueCertificate(issuer, request);
  return { ca: trusted.map((one) => one.cert).join(""), cert, key };
}

interface Replica {
  readonly address: string;
  readonly server: PeerServer;
  readonly material: TestMaterial;
  readonly time: HandClock;
  readonly log: readonly string[];
  /** Proxies of a Gateway by what all replicas told this one. */
  proxies(gateway: NamespacedName): number | undefined;
  versions(gateway: NamespacedName): readonly string[] | undefined;
  /** Every change of the number of proxies of `infra/shared`. */
  readonly history: readonly (number | undefined)[];
}

async function startReplica(material?: TlsMaterial): Promise<Replica> {
  const merged = new Map<NamespacedName, DataPlaneState | undefined>();
  const history: (number | undefined)[] = [];
  const log: string[] = [];
  const time = new HandClock(0);
  const onMerged = (gateway: NamespacedName, joined: DataPlaneState | undefined) => {
    merged.set(gateway, joined);
    if (gateway === shared) history.push(joined?.proxies);
  };
  const reports = new PeerReports({ onMerged, scheduler: time });
  const own = new TestMaterial(material ?? (await issue()));
  const server = createPeerServer({
    host: "127.0.0.1",
    port: 0,
    material: own,
    trustDomain,
    reports,
    clock: () => now,
    recheckMs: 20,
    log: { info: (_, message) => log.push(message), warn: (_, message) => log.push(message) },
  });
  const result = await server.start();
  if (result.kind === "refused") throw new Error(result.message);
  open.push(server);
  return {
    address: `127.0.0.1:${result.port}`,
    server,
    material: own,
    time,
    log,
    history,
    proxies: (gateway) => merged.get(gateway)?.proxies,
    versions: (gateway) => merged.get(gateway)?.listeners.get("http-80"),
  };
}

async function startClient(replica: string, material?: TestMaterial) {
  const log: string[] = [];
  const client = new PeerClient({
    replica,
    material: material ?? new TestMaterial(await issue()),
    trustDomain,
    retryMs: 20,
    log: { info: (_, message) => log.push(message), warn: (_, message) => log.push(message) },
    scheduler: {
      after: (milliseconds, task) => {
        const timer = setTimeout(task, milliseconds);
        return () => clearTimeout(timer);
      },
    },
  });
  open.push(client);
  return { client, log };
}

describe("two replicas", () => {
  it("tell the leader what their proxies have said: everything once, then what changes", async () => {
    const leader = await startReplica();
    const [one, two] = [await startClient("one"), await startClient("two")];
    one.client.set(shared, state(2));
    one.client.set(other, state(1));
    two.client.set(shared, state(1, "2"));
    for (const { client } of [one, two]) client.setLeader(leader.address);
    await eventually("both are heard", () => leader.proxies(shared) === 3 && leader.proxies(other) === 1);
    expect(leader.versions(shared)).toEqual(["1", "2"]);
    two.client.set(shared, state(1, "1"));
    await eventually("the change is heard", () => leader.versions(shared)?.join() === "1");
    one.client.set(shared, undefined);
    one.client.set(other, undefined);
    await eventually("the end is heard", () => leader.proxies(shared) === 1 && leader.proxies(other) === undefined);
  });

  it("tell the latest state when many follow each other", async () => {
    const leader = await startReplica();
    const { client } = await startClient("one");
    client.setLeader(leader.address);
    for (let round = 1; round <= 2_000; round += 1) client.set(shared, state(round));
    await eventually("the last is heard", () => leader.proxies(shared) === 2_000);
    expect(leader.history.length).toBeLessThan(50);
  });

  it("take nothing back when a connection ends for a moment, and forget what ended meanwhile", async () => {
    const leader = await startReplica();
    const { client } = await startClient("one");
    client.set(shared, state(2));
    client.set(other, state(1));
    client.setLeader(leader.address);
    await eventually("it is heard", () => leader.proxies(shared) === 2 && leader.proxies(other) === 1);
    client.setLeader(undefined);
    await eventually("it is gone", () => leader.log.includes("replica disconnected"));
    leader.time.advance(29_000);
    client.set(other, undefined);
    client.setLeader(leader.address);
    await eventually("what ended is forgotten", () => leader.proxies(other) === undefined);
    leader.time.advance(60_000);
    expect(leader.history).toEqual([2]);
  });

  it("are forgotten when they stay away", async () => {
    const leader = await startReplica();
    const { client } = await startClient("one");
    client.set(shared, state(2));
    client.setLeader(leader.address);
    await eventually("it is heard", () => leader.proxies(shared) === 2);
    client.stop();
    await eventually("it is gone", () => leader.log.includes("replica disconnected"));
    expect(leader.proxies(shared)).toBe(2);
    leader.time.advance(30_000);
    expect(leader.proxies(shared)).toBeUndefined();
  });

  it("move over when another leads", async () => {
    const [first, second] = [await startReplica(), await startReplica()];
    const { client } = await startClient("one");
    client.set(shared, state(2));
    client.setLeader(first.address);
    await eventually("the first hears it", () => first.proxies(shared) === 2);
    client.setLeader(second.address);
    await eventually("the second hears it", () => second.proxies(shared) === 2);
    client.set(shared, state(3));
    await eventually("the second hears the change", () => second.proxies(shared) === 3);
    expect(first.proxies(shared)).toBe(2);
  });

  it("connect again when the leader was killed and another answers at its address", async () => {
    const first = await startReplica();
    const { client, log } = await startClient("one");
    client.set(shared, state(2));
    client.setLeader(first.address);
    await eventually("it is heard", () => first.proxies(shared) === 2);
    await first.server.stop();
    await eventually("the end is noticed", () => log.includes("not connected to the leader"));
    const second = await startReplica();
    client.setLeader(second.address);
    await eventually("it is heard again", () => second.proxies(shared) === 2);
    expect(log.filter((line) => line.startsWith("not connected")).length).toBe(1);
  });

  it("wait for their certificate, and connect once they have one", async () => {
    const leader = await startReplica();
    const material = new TestMaterial();
    const { client } = await startClient("one", material);
    client.set(shared, state(2));
    client.setLeader(leader.address);
    material.set(await issue());
    await eventually("it is heard", () => leader.proxies(shared) === 2);
  });

  it("replace a connection of the same replica by its newest", async () => {
    const leader = await startReplica();
    const [older, newer] = [await startClient("one"), await startClient("one")];
    older.client.set(shared, state(2));
    older.client.setLeader(leader.address);
    await eventually("the older is heard", () => leader.proxies(shared) === 2);
    newer.client.set(shared, state(5));
    newer.client.setLeader(leader.address);
    await eventually("the newer is heard", () => leader.proxies(shared) === 5);
    older.client.stop();
    await eventually("the newer is heard at last", () => leader.proxies(shared) === 5);
    leader.time.advance(60_000);
    newer.client.set(shared, state(6));
    await eventually("it still is", () => leader.proxies(shared) === 6);
  });
});

describe("rotation", () => {
  it("of certificates and of the authority ends no connection, and the next ones use the new", async () => {
    const leader = await startReplica();
    const material = new TestMaterial(await issue());
    const { client, log } = await startClient("one", material);
    client.set(shared, state(2));
    client.setLeader(leader.address);
    await eventually("it is heard", () => leader.proxies(shared) === 2);
    const next = await createAuthority(now, 100 * hour);
    leader.material.set(await issue({ trusted: [authority, next] }));
    material.set(await issue({ trusted: [authority, next] }));
    leader.material.set(await issue({ issuer: next, trusted: [next, authority] }));
    client.set(shared, state(3));
    await eventually("the same connection is used", () => leader.proxies(shared) === 3);
    expect(log).toEqual(["reporting to the leader"]);
    const another = await startClient("two", new TestMaterial(await issue({ issuer: next, trusted: [next] })));
    another.client.set(shared, state(1));
    another.client.setLeader(leader.address);
    await eventually("the new one is served", () => leader.proxies(shared) === 4);
  });

  it("ends a connection whose certificate has ended, and it comes back with another", async () => {
    const leader = await startReplica();
    const material = new TestMaterial(await issue());
    const { client, log } = await startClient("one", material);
    client.set(shared, state(2));
    client.setLeader(leader.address);
    await eventually("it is heard", () => leader.proxies(shared) === 2);
    now += 20 * hour;
    const renewed = await issueLater();
    material.set(renewed);
    now += 5 * hour;
    await eventually("it connects again", () => log.filter((line) => line === "reporting to the leader").length === 2);
    expect(leader.history).toEqual([2]);
  });

  /** Good by the test's clock and by TLS's own. */
  async function issueLater(): Promise<TlsMaterial> {
    const uri = `spiffe://${trustDomain}/control-plane`;
    const request = {
      usages: ["server", "client"],
      dnsNames: ["gatehouse"],
      uri,
      now: Date.now(),
      lifeMs: 90 * hour,
    } as const;
    const { cert, key } = await issueCertificate(authority, request);
    return { ca: authority.cert, cert, key };
  }
});

describe("a stranger", () => {
  const gatewayIdentity = `spiffe://${trustDomain}/fleet/infra/shared/uid`;

  it.each([
    ["is a proxy", async () => issue({ uri: gatewayIdentity })],
    ["is of another trust domain", async () => issue({ uri: "spiffe://other.test/control-plane" })],
    ["has more than that name", async () => issue({ uri: `spiffe://${trustDomain}/control-plane/more` })],
    ["is of another authority", async () => issue({ issuer: await createAuthority(now, hour) })],
  ])("is not heard when it %s", async (_, material) => {
    const leader = await startReplica();
    const { client, log } = await startClient("one", new TestMaterial(await material()));
    client.set(shared, state(2));
    client.setLeader(leader.address);
    await eventually("it is refused", () => log.includes("not connected to the leader"));
    await sleep(100);
    expect(leader.history).toEqual([]);
    expect(leader.log).not.toContain("replica connected");
  });

  it.each([
    ["a proxy", async () => issue({ uri: gatewayIdentity })],
    ["of another authority", async () => issue({ issuer: await createAuthority(now, hour) })],
  ])("is told nothing when it listens in the leader's place, being %s", async (_, material) => {
    const leader = await startReplica(await material());
    const { client, log } = await startClient("one");
    client.set(shared, state(2));
    client.setLeader(leader.address);
    await eventually("it is refused", () => log.includes("not connected to the leader"));
    await sleep(100);
    expect(leader.history).toEqual([]);
    expect(leader.log).toEqual([]);
  });

  it("is not heard in plaintext", async () => {
    const leader = await startReplica();
    const end = await converse(leader, [{ kind: "hello", replica: "one" }], { plaintext: true });
    expect(end.code).toBe(status.UNAVAILABLE);
  });
});

describe("a replica that is wrong", () => {
  const hello: PeerMessage = { kind: "hello", replica: "one" };

  it.each<readonly [string, readonly (PeerMessage | Buffer)[]]>([
    ["says nothing that can be read", [Buffer.from("{")]],
    ["says something before its name", [{ kind: "complete" }]],
    ["says its name twice", [hello, hello]],
    ["sends garbage after its name", [hello, Buffer.from([0xff])]],
  ])("loses its connection when it %s", async (_, messages) => {
    const leader = await startReplica();
    expect((await converse(leader, messages)).code).toBe(status.INVALID_ARGUMENT);
  });

  it("loses its connection when a message is too long, and others are heard", async () => {
    const leader = await startReplica();
    const end = await converse(leader, [hello, Buffer.alloc(1024 * 1024 + 1, "x")]);
    expect(end.code).toBe(status.RESOURCE_EXHAUSTED);
    const { client } = await startClient("two");
    client.set(shared, state(2));
    client.setLeader(leader.address);
    await eventually("the other is heard", () => leader.proxies(shared) === 2);
  });

  it("finds no other method", async () => {
    const leader = await startReplica();
    expect((await converse(leader, [hello], { path: "/gatehouse.peers.v1.Peers/Other" })).code).toBe(
      status.UNIMPLEMENTED,
    );
  });
});

/** Says any messages to a replica; resolves with how the conversation ended. */
async function converse(
  { address }: Replica,
  messages: readonly (PeerMessage | Buffer)[],
  { path = "/gatehouse.peers.v1.Peers/Report", plaintext = false } = {},
): Promise<{ readonly code: number }> {
  const { ca, cert, key } = await issue();
  const own = credentials.createSsl(Buffer.from(ca), Buffer.from(key), Buffer.from(cert), {
    checkServerIdentity: () => undefined,
  });
  const client = new Client(address, plaintext ? credentials.createInsecure() : own, {
    "grpc.use_local_subchannel_pool": 1,
  });
  const pass = (bytes: Buffer) => bytes;
  const call = client.makeBidiStreamRequest(path, pass, pass);
  call.on("data", () => {}).on("error", () => {});
  for (const message of messages) call.write(Buffer.isBuffer(message) ? message : encodePeerMessage(message));
  return await new Promise((resolve) => {
    call.on("status", (end: { readonly code: number }) => {
      client.close();
      resolve(end);
    });
  });
}
