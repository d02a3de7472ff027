import { connect as connectHttp2 } from "node:http2";
import { connect, type TLSSocket } from "node:tls";
import { Client, credentials, status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type NamespacedName, namespacedName } from "../../src/core/keys.ts";
import type { TlsMaterial } from "../../src/core/tls-material.ts";
import { createAuthority, issueCertificate, type KeyPair } from "../../src/identity/authority.ts";
import { readCertificate } from "../../src/identity/read-certificate.ts";
import { createAdsServer } from "../../src/xds/server.ts";
import { eventually } from "../support/envoy.ts";
import { TestMaterial } from "../support/test-material.ts";
import type { FakeEnvoy, StreamEnd } from "./fake-envoy.ts";
import { resource } from "./resources.ts";
import { startWorld, type World } from "./world.ts";

const gateway = namespacedName("infra", "gateway");
const uid = "6f1c0c52-8f0e-4f6a-9d2e-3f7f5a1c2b3d";
const identity = `spiffe://gatehouse.test/fleet/infra/gateway/${uid}`;
const serverName = "gatehouse-xds.gatehouse-system.svc";
const service = "/envoy.service.discovery.v3.AggregatedDiscoveryService";
const hour = 3_600_000;

let authority: KeyPair;
let material: TestMaterial;
let accepted: Set<string>;
let now: number;
let world: World;

beforeEach(async () => {
  now = Date.now();
  authority = await createAuthority(now, 100 * hour);
  material = new TestMaterial();
  accepted = new Set();
  material.set(await serverMaterial(authority, [authority]));
  world = await startWorld({
    transport: "delta",
    clock: () => now,
    recheckMs: 20,
    security: {
      kind: "issued-certificates",
      material,
      trustDomain: "gatehouse.test",
      isAccepted: (name: NamespacedName, owner, fingerprint) => accepted.has(`${name} ${owner} ${fingerprint}`),
    },
  });
  world.set(resource("cluster", "a"));
});
afterEach(() => world.stop());

async function serverMaterial(issuer: KeyPair, trusted: readonly KeyPair[]): Promise<TlsMaterial> {
  const uri = "spiffe://gatehouse.test/control-plane";
  const request = { usages: ["server", "client"], dnsNames: [serverName], uri, now, lifeMs: 24 * hour } as const;
  const { cert, key } = await issueCertificate(issuer, request);
  return { ca: trusted.map((one) => one.cert).join(""), cert, key };
}

/** Issues a certificate, and has it accepted for the Gateway unless told otherwise. */
async function proxyCertificate(
  options: { readonly uri?: string; readonly issuer?: KeyPair; readonly issued?: number; readonly accept?: false } = {},
): Promise<KeyPair> {
  const { uri = identity, issuer = authority, issued = now } = options;
  const request = { usages: ["client"], dnsNames: [], uri, now: issued, lifeMs: 24 * hour } as const;
  const pair = await issueCertificate(issuer, request);
  if (options.accept === undefined) accept(pair);
  return pair;
}

const fingerprintOf = (pair: KeyPair) => readCertificate(pair.cert)?.fingerprint ?? "";
const accept = (pair: KeyPair) => accepted.add(`${gateway} ${uid} ${fingerprintOf(pair)}`);

function credentialsOf(pair: KeyPair, trusted: readonly KeyPair[] = [authority]) {
  const ca = Buffer.from(trusted.map((one) => one.cert).join(""));
  return credentials.createSsl(ca, Buffer.from(pair.key), Buffer.from(pair.cert), {
    // The server is found by address here; its name is checked all the same.
    checkServerIdentity: (_, { subjectaltname }) =>
      subjectaltname?.includes(`DNS:${serverName}`) === true ? undefined : new Error("another server"),
  });
}

let proxies = 0;

/** A proxy that is served, each with an id of its own. */
async function connected(pair: KeyPair, trusted?: readonly KeyPair[]): Promise<FakeEnvoy> {
  proxies += 1;
  const client = world.connect({ credentials: credentialsOf(pair, trusted), nodeId: `proxy-${proxies}` });
  client.subscribe("cluster");
  await client.take("cluster");
  return client;
}

async function refused(pair: KeyPair, options: { readonly cluster?: string } = {}): Promise<StreamEnd> {
  const client = world.connect({ credentials: credentialsOf(pair), ...options });
  client.subscribe("cluster");
  return await client.ended;
}

/** A raw TLS connection: what the server shows, and the session that it gives. */
async function handshake(
  pair: KeyPair,
  session?: Buffer,
): Promise<{ readonly socket: TLSSocket; readonly sessions: Buffer[] }> {
  const sessions: Buffer[] = [];
  const options = {
    ca: authority.cert,
    ...pair,
    servername: serverName,
    ALPNProtocols: ["h2"],
    ...(session && { session }),
  };
  const socket = connect({ host: "127.0.0.1", port: world.server.port, ...options });
  socket.on("session", (given) => sessions.push(given)).on("error", () => {});
  await new Promise((resolve) => socket.once("secureConnect", resolve).once("close", resolve));
  return { socket, sessions };
}

describe("a certificate that Gatehouse issues", () => {
  it("gets its proxy the configuration of its Gateway", async () => {
    const client = await connected(await proxyCertificate());
    expect([...client.held("cluster").keys()]).toEqual(["a"]);
  });

  it.each([
    ["without the Gateway's uid", "spiffe://gatehouse.test/fleet/infra/gateway"],
    ["with an empty uid", "spiffe://gatehouse.test/fleet/infra/gateway/"],
    ["with the uid of a Gateway of the same name that is gone", `${identity.slice(0, -1)}0`],
    ["with more than a uid", `${identity}/more`],
    ["for another Gateway", `spiffe://gatehouse.test/fleet/infra/other/${uid}`],
    ["of another trust domain", identity.replace("gatehouse.test", "other.test")],
    ["of the control plane itself", "spiffe://gatehouse.test/control-plane"],
  ])("is refused %s, although it is listed", async (_, uri) => {
    expect((await refused(await proxyCertificate({ uri }))).code).toBe(status.PERMISSION_DENIED);
    expect(world.server.sent()).toBe(0);
  });

  it("is refused when it is not listed, or names another node.cluster", async () => {
    expect((await refused(await proxyCertificate({ accept: false }))).code).toBe(status.PERMISSION_DENIED);
    world.table.addFleet(namespacedName("infra", "other"));
    expect((await refused(await proxyCertificate(), { cluster: "infra/other" })).code).toBe(status.PERMISSION_DENIED);
    expect(world.server.sent()).toBe(0);
  });

  it("is refused when its Gateway does not exist, and taken once it does", async () => {
    world.table.removeFleet(gateway);
    const pair = await proxyCertificate();
    expect((await refused(pair)).code).toBe(status.PERMISSION_DENIED);
    world.table.addFleet(gateway);
    await connected(pair);
  });

  it("does not make it through the handshake when it has expired, or is of another authority", async () => {
    const foreign = await createAuthority(now, 100 * hour);
    for (const pair of [
      await proxyCertificate({ issued: now - 25 * hour }),
      await proxyCertificate({ issuer: foreign }),
    ]) {
      expect((await refused(pair)).code).toBe(status.UNAVAILABLE);
    }
    expect(world.server.open()).toBe(0);
  });

  it("does not make it through the handshake without the log telling who was refused and why, once a minute", async () => {
    const expired = await proxyCertificate({ issued: now - 25 * hour });
    const told = () => world.server.log.filter(({ message }) => message.startsWith("connection refused"));
    await refused(expired);
    await eventually("it is told", () => told().length > 0);
    await refused(expired);
    const names = `URI:${identity}`;
    expect(told()).toMatchObject([
      {
        level: "warn",
        fields: { peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/), reason: "CERT_HAS_EXPIRED", names },
      },
    ]);
    now += 61_000;
    await refused(expired);
    await eventually("it is told again", () => told().length === 2);
  });

  it("is of no use while the server's own certificate and key do not fit together, and is again once they do", async () => {
    const [pair, fitting] = [await proxyCertificate(), await serverMaterial(authority, [authority])];
    material.set({ ...fitting, key: (await serverMaterial(authority, [authority])).key });
    expect((await refused(pair)).code).toBe(status.UNAVAILABLE);
    expect(world.server.log).toContainEqual(
      expect.objectContaining({ level: "error", message: "the server's certificate cannot be used" }),
    );
    material.set(fitting);
    await connected(pair);
  });

  it("does not make it through the handshake when it is its own authority", async () => {
    expect((await refused(await createAuthority(now, hour))).code).toBe(status.UNAVAILABLE);
  });
});

describe("an open stream", () => {
  it("is closed when its certificate is taken back, and the others stay", async () => {
    const [one, two] = [await proxyCertificate(), await proxyCertificate()];
    const [revoked, other] = [await connected(one), await connected(two)];
    accepted.delete(`${gateway} ${uid} ${fingerprintOf(one)}`);
    expect((await revoked.ended).code).toBe(status.PERMISSION_DENIED);
    expect((await refused(one)).code).toBe(status.PERMISSION_DENIED);
    world.set(resource("cluster", "b"));
    await other.take("cluster");
  });

  it("is closed when its certificate has ended", async () => {
    const client = await connected(await proxyCertificate());
    now += 25 * hour;
    expect((await client.ended).code).toBe(status.PERMISSION_DENIED);
  });

  it("is closed when its Gateway is gone", async () => {
    const client = await connected(await proxyCertificate());
    world.table.removeFleet(gateway);
    expect((await client.ended).code).toBe(status.PERMISSION_DENIED);
    expect(client.unread()).toEqual([]);
  });

  it("ends with its connection, as its client would ask again with the certificate that it showed there", async () => {
    const pair = await proxyCertificate();
    const session = connectHttp2(`https://127.0.0.1:${world.server.port}`, {
      ca: authority.cert,
      ...pair,
      servername: serverName,
    });
    const closed = new Promise((resolve) => session.once("close", resolve));
    const headers = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };
    const stream = session.request({ ...headers, ":path": `${service}/DeltaAggregatedResources` });
    stream.on("error", () => {});
    await eventually("it is open", () => world.server.open() === 1);
    accepted.clear();
    await closed;
    expect(world.server.open()).toBe(0);
  });

  it("is not asked about any more once the server has stopped", async () => {
    await connected(await proxyCertificate());
    await world.server.stop();
    expect(material.listeners.size).toBe(0);
  });
});

describe("rotation", () => {
  it("of the server's certificate reaches new connections, and drops none", async () => {
    const pair = await proxyCertificate();
    const client = await connected(pair);
    const before = (await handshake(pair)).socket;
    const renewed = await serverMaterial(authority, [authority]);
    material.set(renewed);
    const after = (await handshake(pair)).socket;
    expect(after.getPeerCertificate().raw).not.toEqual(before.getPeerCertificate().raw);
    expect(after.getProtocol()).toBe("TLSv1.3");
    for (const socket of [before, after]) socket.destroy();
    world.set(resource("cluster", "b"));
    await client.take("cluster");
    await connected(pair);
    expect(world.server.open()).toBe(2);
  });

  it("of the authority takes both while both are trusted, and drops none", async () => {
    const next = await createAuthority(now, 100 * hour);
    const old = await proxyCertificate();
    const client = await connected(old);
    material.set(await serverMaterial(authority, [authority, next]));
    const early = await connected(old, [authority, next]);
    material.set(await serverMaterial(next, [next, authority]));
    const renewed = await proxyCertificate({ issuer: next });
    const clients = [client, early, await connected(old, [authority, next]), await connected(renewed, [next])];
    material.set(await serverMaterial(next, [next]));
    clients.push(await connected(renewed, [next]));
    world.set(resource("cluster", "b"));
    for (const each of clients) await each.take("cluster");
    expect(world.server.open()).toBe(5);
    const late = world.connect({ credentials: credentialsOf(old, [authority, next]) });
    late.subscribe("cluster");
    expect((await late.ended).code).toBe(status.UNAVAILABLE);
  });

  it("begins with nothing: who connects before there is a certificate is refused, and served afterwards", async () => {
    const pair = await proxyCertificate();
    const own = material.current();
    material.set(undefined);
    expect((await refused(pair)).code).toBe(status.UNAVAILABLE);
    material.set(own);
    await connected(pair);
  });

  it("is not evaded by a session that is resumed", async () => {
    const pair = await proxyCertificate();
    const first = await handshake(pair);
    // A ticket would come right after the handshake, with the server's settings.
    await new Promise((resolve) => first.socket.once("data", resolve));
    const [session] = first.sessions;
    first.socket.destroy();
    const second = await handshake(pair, session);
    expect(second.socket.isSessionReused()).toBe(false);
    second.socket.destroy();
  });
});

it("says that its port is taken", async () => {
  const second = createAdsServer({
    table: world.table,
    host: "127.0.0.1",
    port: world.server.port,
    security: { kind: "issued-certificates", material, trustDomain: "gatehouse.test", isAccepted: () => true },
    clock: () => now,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    metrics: {
      responseSent: () => {},
      nack: () => {},
      streamOpened: () => {},
      streamClosed: () => {},
      streamStuck: () => {},
      streamFree: () => {},
    },
  });
  expect(await second.start()).toMatchObject({ kind: "refused", message: expect.stringContaining("EADDRINUSE") });
  await second.stop();
});

describe("a method that is not served", () => {
  const call = async (path: string, pair: KeyPair): Promise<StreamEnd> =>
    await new Promise((resolve) => {
      const client = new Client(`127.0.0.1:${world.server.port}`, credentialsOf(pair), {
        "grpc.use_local_subchannel_pool": 1,
      });
      const pass = (message: Buffer) => message;
      const stream = client.makeBidiStreamRequest(path, pass, pass);
      stream.on("data", () => {}).on("error", () => {});
      stream.on("status", (end: StreamEnd) => {
        client.close();
        resolve(end);
      });
      stream.write(Buffer.from("anything"));
    });
  const others = [
    `${service}/Other`,
    "/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus",
    "/envoy.service.secret.v3.SecretDiscoveryService/FetchSecrets",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  ];

  it("answers everybody the same, and one that is served answers a stranger before anything is decoded", async () => {
    const [friend, stranger] = [await proxyCertificate(), await proxyCertificate({ accept: false })];
    for (const path of others) {
      const [one, other] = [await call(path, friend), await call(path, stranger)];
      expect(one.code).toBe(status.UNIMPLEMENTED);
      expect([other.code, other.details]).toEqual([one.code, one.details]);
    }
    for (const method of ["DeltaAggregatedResources", "StreamAggregatedResources"]) {
      expect((await call(`${service}/${method}`, friend)).code).toBe(status.INVALID_ARGUMENT);
      expect((await call(`${service}/${method}`, stranger)).code).toBe(status.PERMISSION_DENIED);
    }
  });
});

describe("a graceful stop", () => {
  it("ends the streams one by one, and takes no new one", async () => {
    const spread = await startWorld({ transport: "delta", stopSpreadMs: 400 });
    const clients = Array.from({ length: 4 }, (_, index) => spread.connect({ nodeId: `proxy-${index}` }));
    for (const client of clients) client.subscribe("cluster");
    await eventually("all are there", () => spread.server.streams().length === 4);
    const counts = new Set<number>();
    const stopped = spread.server.stop();
    const watching = setInterval(() => counts.add(spread.server.open()), 5);
    await stopped;
    clearInterval(watching);
    expect([...counts]).toEqual(expect.arrayContaining([3, 2, 1]));
    for (const client of clients) expect((await client.ended).code).toBe(status.UNAVAILABLE);
    await spread.stop();
  });
});
