import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:tls";
import { type ChannelCredentials, Client, credentials, status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { encodeMessage } from "../../proto/messages.ts";
import { namespacedName } from "../../src/core/keys.ts";
import type { TlsMaterial } from "../../src/core/tls-material.ts";
import { typeUrls } from "../../src/core/xds-resource.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { createAdsServer } from "../../src/xds/server.ts";
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type IssuedCertificate,
  issueCertificate,
} from "../support/certificates.ts";
import { eventually } from "../support/envoy.ts";
import { TestMaterial } from "../support/test-material.ts";
import { FakeEnvoy, type StreamEnd } from "./fake-envoy.ts";
import { resource } from "./resources.ts";
import { service, settle } from "./stream.case.ts";
import { idle, startTestServer } from "./test-server.ts";
import { startWorld, type World } from "./world.ts";

const silent = {
  clock: () => Date.now(),
  log: { info: () => {}, warn: () => {}, error: () => {} },
  metrics: {
    responseSent: () => {},
    nack: () => {},
    streamOpened: () => {},
    streamClosed: () => {},
    streamStuck: () => {},
    streamFree: () => {},
  },
};

const trustDomain = "gatehouse.test";

function fixed(material: TlsMaterial): TestMaterial {
  const source = new TestMaterial();
  source.set(material);
  return source;
}

describe("the address of the server", () => {
  it.each(["0.0.0.0", "::", "192.0.2.1", "::ffff:10.0.0.1", "localhost", "127.0.0.1.example.com"])(
    "refuses to serve plaintext on %s",
    async (host) => {
      const server = createAdsServer({
        table: new ResourceTable(),
        host,
        port: 0,
        security: { kind: "loopback" },
        ...silent,
      });
      expect(await server.start()).toMatchObject({ kind: "refused", message: expect.stringContaining(host) });
      await server.stop();
    },
  );

  it.each(["127.0.0.1", "127.1.2.3", "::1"])("serves plaintext on %s", async (host) => {
    const server = createAdsServer({
      table: new ResourceTable(),
      host,
      port: 0,
      security: { kind: "loopback" },
      ...silent,
    });
    expect(await server.start()).toMatchObject({ kind: "listening" });
    await server.stop();
  });

  it("says that what it was given is no certificate", async () => {
    const garbage = Buffer.from("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    const server = createAdsServer({
      table: new ResourceTable(),
      host: "127.0.0.1",
      port: 0,
      security: { kind: "mutual-tls", material: fixed({ ca: garbage, cert: garbage, key: garbage }), trustDomain },
      ...silent,
    });
    expect(await server.start()).toMatchObject({ kind: "refused", message: expect.stringContaining("asn1") });
    await server.stop();
  });

  it("says that a port is taken", async () => {
    const first = await startTestServer({ table: new ResourceTable() });
    const { port } = first;
    const second = createAdsServer({
      table: new ResourceTable(),
      host: "127.0.0.1",
      port,
      security: { kind: "loopback" },
      ...silent,
    });
    expect(await second.start()).toMatchObject({ kind: "refused" });
    await second.stop();
    await first.stop();
  });
});

describe("mutual TLS", () => {
  const gateway = namespacedName("infra", "gateway");
  const identity = "spiffe://gatehouse.test/fleet/infra/gateway";
  let world: World;
  let material: TestMaterial;
  afterEach(() => world.stop());

  const start = async (options: { readonly clock?: () => number } = {}) => {
    const authority = await createCertificateAuthority();
    const own = await issueCertificate(authority, { names: ["127.0.0.1"] });
    const [ca, cert, key] = [authority.certificatePem, own.certificatePem, own.keyPem].map((pem) => Buffer.from(pem));
    if (ca === undefined || cert === undefined || key === undefined) throw new Error("no certificate");
    material = fixed({ ca, cert, key });
    const security = { kind: "mutual-tls", material, trustDomain } as const;
    world = await startWorld({ transport: "delta", security, ...options });
    world.set(resource("cluster", "a"));
    return authority;
  };
  const proxy = (authority: CertificateAuthority, uris: readonly string[], more: object = {}) =>
    issueCertificate(authority, { names: ["proxy.test"], usage: "client", uris, ...more });
  const trusting = (authority: CertificateAuthority, client?: IssuedCertificate): ChannelCredentials =>
    credentials.createSsl(
      Buffer.from(authority.certificatePem),
      client === undefined ? null : Buffer.from(client.keyPem),
      client === undefined ? null : Buffer.from(client.certificatePem),
    );

  it("serves the fleet that the certificate names", async () => {
    const authority = await start();
    const client = world.connect({ credentials: trusting(authority, await proxy(authority, [identity])) });
    client.subscribe("cluster");
    expect([...(await client.take("cluster")).resources.keys()]).toEqual(["a"]);
  });

  it.each([
    ["names no fleet", []],
    ["names two fleets", [identity, "spiffe://gatehouse.test/fleet/infra/other"]],
    ["is of another trust domain", ["spiffe://other.test/fleet/infra/gateway"]],
    ["names more than a fleet", [`${identity}/more`]],
    ["names a fleet with an empty part", ["spiffe://gatehouse.test/fleet//gateway"]],
    ["escapes its name", ["spiffe://gatehouse.test/fleet/infra/gate%77ay"]],
    ["is no SPIFFE identity", ["https://gatehouse.test/fleet/infra/gateway"]],
  ])("refuses a certificate that %s", async (_, uris) => {
    const authority = await start();
    const client = world.connect({ credentials: trusting(authority, await proxy(authority, uris)) });
    client.subscribe("cluster");
    expect((await client.ended).code).toBe(status.PERMISSION_DENIED);
    expect(world.server.sent()).toBe(0);
    expect(world.server.open()).toBe(0);
  });

  it("refuses a node that claims another fleet than its certificate", async () => {
    const authority = await start();
    const other = namespacedName("infra", "other");
    world.table.addFleet(other);
    const own = trusting(authority, await proxy(authority, [identity]));
    const client = world.connect({ credentials: own, cluster: other });
    client.subscribe("cluster");
    expect((await client.ended).code).toBe(status.PERMISSION_DENIED);
    expect(world.server.sent()).toBe(0);
  });

  it("refuses a certificate of another authority, none at all, and plaintext", async () => {
    const authority = await start();
    const foreign = await createCertificateAuthority();
    const stranger = trusting(authority, await proxy(foreign, [identity]));
    for (const refused of [stranger, trusting(authority), credentials.createInsecure()]) {
      const client = world.connect({ credentials: refused });
      client.subscribe("cluster");
      expect((await client.ended).code).toBe(status.UNAVAILABLE);
    }
    expect(world.server.open()).toBe(0);
    expect(world.server.sent()).toBe(0);
  });

  it("refuses a certificate that has expired since its connection was made", async () => {
    const authority = await start({ clock: () => Date.now() + 10 * 365 * 24 * 3_600_000 });
    const client = world.connect({ credentials: trusting(authority, await proxy(authority, [identity])) });
    client.subscribe("cluster");
    expect((await client.ended).code).toBe(status.PERMISSION_DENIED);
  });

  it("speaks nothing older than TLS 1.3", async () => {
    const authority = await start();
    const client = await proxy(authority, [identity]);
    const attempt = (maxVersion: "TLSv1.2" | "TLSv1.3") =>
      new Promise<string>((resolve) => {
        const { certificatePem: cert, keyPem: key } = client;
        const options = {
          host: "127.0.0.1",
          port: world.server.port,
          ca: authority.certificatePem,
          cert,
          key,
          maxVersion,
        };
        const socket = connect({ ...options, minVersion: "TLSv1.2", ALPNProtocols: ["h2"] }, () => {
          resolve(socket.getProtocol() ?? "");
          socket.destroy();
        });
        socket.on("error", (error) => resolve(error.message));
      });
    expect(await attempt("TLSv1.2")).toMatch(/alert|protocol version/i);
    expect(await attempt("TLSv1.3")).toBe("TLSv1.3");
  });

  it("tells status per Gateway, whichever it is", async () => {
    const authority = await start();
    world.set(resource("listener", "l"));
    const client = world.connect({ credentials: trusting(authority, await proxy(authority, [identity])) });
    client.subscribe("cluster");
    await client.take("cluster");
    client.subscribe("listener");
    await client.take("listener");
    await eventually("the proxy is ready", () => world.server.state(gateway).readyProxies === 1);
  });
});

describe("the port", () => {
  let world: World;
  afterEach(() => world.stop());

  /** Calls any method with any bytes. */
  const call = (path: string, bytes: Buffer): Promise<StreamEnd> =>
    new Promise((resolve) => {
      const client = new Client(`127.0.0.1:${world.server.port}`, credentials.createInsecure());
      const pass = (message: Buffer) => message;
      const stream = client.makeBidiStreamRequest(path, pass, pass);
      stream.on("data", () => {});
      stream.on("error", () => {});
      stream.on("status", (end: StreamEnd) => {
        client.close();
        resolve(end);
      });
      stream.write(bytes);
    });
  const ads = "/envoy.service.discovery.v3.AggregatedDiscoveryService";

  it("knows two methods", async () => {
    world = await startWorld({ transport: "delta" });
    for (const path of [`${ads}/Other`, "/envoy.service.cluster.v3.ClusterDiscoveryService/DeltaClusters"]) {
      expect((await call(path, Buffer.alloc(0))).code).toBe(status.UNIMPLEMENTED);
    }
    expect(world.server.open()).toBe(0);
  });

  it("ends a stream on bytes that are no request, and goes on serving others", async () => {
    world = await startWorld({ transport: "delta" });
    for (const method of ["DeltaAggregatedResources", "StreamAggregatedResources"]) {
      const end = await call(`${ads}/${method}`, Buffer.from([0x0a, 0xff, 0xff, 0xff]));
      expect(end.code).toBe(status.INVALID_ARGUMENT);
    }
    const client = world.connect();
    client.subscribe("cluster");
    await client.take("cluster");
    expect(world.server.open()).toBe(1);
  });

  it("a fault of ours ends one stream, and no other", async () => {
    const split = () => {
      throw new Error("bug: it cannot be split");
    };
    world = await startWorld({ transport: "delta", split });
    world.set(resource("route", "r"), resource("cluster", "a"));
    const [unlucky, other] = [world.connect(), world.connect({ nodeId: "proxy-1" })];
    other.subscribe("cluster");
    await other.take("cluster");
    unlucky.subscribe("route", "r");
    unlucky.nack(await unlucky.next("route"), "refused");
    expect((await unlucky.ended).code).toBe(status.INTERNAL);
    expect(world.server.log.filter(({ level }) => level === "error").length).toBe(1);
    world.set(resource("cluster", "b"));
    await other.take("cluster");
  });

  it("answers for a name that is empty and does not exist", async () => {
    world = await startWorld({ transport: "delta" });
    const client = world.connect();
    client.subscribe("endpoint", "");
    expect((await client.take("endpoint")).removed).toEqual([""]);
  });

  it("takes names such as __proto__ for names", async () => {
    world = await startWorld({ transport: "delta" });
    for (const name of ["__proto__", "constructor", "", "\u0000", "ü/..%2F"]) {
      world.set(resource("endpoint", name));
      const client = world.connect();
      client.subscribe("endpoint", name);
      expect([...(await client.take("endpoint")).resources.keys()]).toEqual([name]);
    }
    const stranger = world.connect({ cluster: "__proto__" });
    stranger.subscribe("cluster");
    await eventually("it is held open", () => world.server.streams().some(({ gateway }) => gateway === "__proto__"));
  });
});

describe("the life of streams", () => {
  let world: World;
  afterEach(() => world.stop());

  it("stopping ends every stream and leaves nothing behind", async () => {
    const before = handles();
    world = await startWorld({ transport: "delta" });
    world.set(...service("a"), resource("listener", "l"), resource("route", "r"));
    const clients = [world.connect(), world.connect({ nodeId: "proxy-1", transport: "sotw" })];
    for (const client of clients) {
      client.subscribe("cluster");
      await client.take("cluster");
    }
    // With a removal that waits for the proxy to ask for tables: its timer must not outlive the stream.
    world.remove("cluster", "a");
    await Promise.resolve();
    await world.server.stop();
    for (const client of clients) {
      expect((await client.ended).code).toBe(status.UNAVAILABLE);
      await client.close();
    }
    expect(world.server.open()).toBe(0);
    expect(world.server.streams()).toEqual([]);
    await eventually("no handle is left", () => handles() <= before);
  });

  it("a client that stops reading is cut, and holds one message only", async () => {
    world = await startWorld({ transport: "delta", writeDeadlineMs: 200 });
    const big = "x".repeat(8 * 1024 * 1024);
    world.set(resource("cluster", "a", big), resource("listener", "l", big));
    const session = connectHttp2(`http://127.0.0.1:${world.server.port}`);
    session.on("error", () => {});
    const stream = session.request({
      ":method": "POST",
      ":path": "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.on("error", () => {});
    // Nobody listens for data, so the window is never opened again.
    for (const type of ["cluster", "listener", "secret"] as const) {
      const request = { node: { id: "proxy-0", cluster: world.gateway }, typeUrl: typeUrls[type] };
      const message = encodeMessage("envoy.service.discovery.v3.DeltaDiscoveryRequest", request);
      const head = Buffer.alloc(5);
      head.writeUInt32BE(message.length, 1);
      stream.write(Buffer.concat([head, message]));
    }
    await eventually("it is cut", () => world.server.sent() > 0 && world.server.streams().length === 0);
    expect(world.server.sent()).toBe(1);
    // What it does not read would stay in memory as long as its connection.
    await eventually("its connection is closed", () => session.destroyed);
  });

  it("a half-closed or cancelled stream is forgotten", async () => {
    world = await startWorld({ transport: "delta" });
    const client = world.connect();
    client.subscribe("cluster");
    await client.take("cluster");
    await eventually("it is counted", () => world.server.state(world.gateway).proxies === 1);
    await client.close();
    await idle(world.server);
    await eventually("it is not counted", () => world.server.state(world.gateway).proxies === 0);
  });
});

describe("what the server reports", () => {
  let world: World;
  afterEach(() => world.stop());

  it("tells each stream with its node, types, acknowledgements and last refusal", async () => {
    world = await startWorld({ transport: "delta", clock: () => 42_000 });
    world.set(...service("a"), ...service("b"));
    const client = world.connect({ nodeId: "proxy-7" });
    client.subscribe("cluster");
    await client.take("cluster");
    client.subscribe("endpoint", "a");
    client.nack(await client.next("endpoint"), "no good");
    const [stream] = await eventually("the refusal is noted", () => {
      const streams = world.server.streams();
      return streams[0]?.types.some(({ lastNack }) => lastNack !== undefined) ? streams : undefined;
    });
    expect(stream).toMatchObject({
      gateway: "infra/gateway",
      nodeId: "proxy-7",
      cluster: "infra/gateway",
      envoyVersion: "1.40.0",
      transport: "delta",
      connectedSince: 42_000,
      firstConfigAcknowledged: false,
    });
    expect(stream?.types).toMatchObject([
      { type: "cluster", wildcard: true, names: 0, acknowledged: 2, inFlight: false, sentAt: 42_000 },
      { type: "endpoint", wildcard: false, names: 1, lastNack: { time: 42_000, text: "no good", resources: ["a"] } },
    ]);
  });

  it("tells the versions of listeners that proxies have acknowledged, and only what changed", async () => {
    world = await startWorld({ transport: "delta" });
    world.set(resource("listener", "l"), resource("listener", "m"));
    const [one, two] = [world.connect({ nodeId: "1" }), world.connect({ nodeId: "2" })];
    for (const client of [one, two]) {
      client.subscribe("cluster");
      await client.take("cluster");
      client.subscribe("listener");
      await client.take("listener");
    }
    const state = () => world.server.state(world.gateway);
    await eventually("both are ready", () => state().readyProxies === 2);
    expect(Object.fromEntries(state().listeners)).toEqual({
      l: [resource("listener", "l").version],
      m: [resource("listener", "m").version],
    });
    world.set(resource("listener", "l", "2"));
    await one.take("listener");
    await eventually("they differ", () => state().listeners.get("l")?.length === 2);
    await two.take("listener");
    const agreed = resource("listener", "l", "2").version;
    await eventually("they agree", () => state().listeners.get("l")?.join() === agreed);
    const told = world.server.told.length;
    world.set(resource("cluster", "a"));
    await Promise.all([one.take("cluster"), two.take("cluster")]);
    await world.flush(one);
    expect(world.server.told.length).toBe(told);
  });

  it("removals wait for a proxy that has yet to ask for its tables, but not for ever", async () => {
    world = await startWorld({ transport: "delta", patienceMs: 1_000 });
    world.set(...service("a"), resource("listener", "l"), resource("route", "r"));
    const client = world.connect();
    client.subscribe("cluster");
    await client.take("cluster");
    client.subscribe("endpoint", "a");
    await client.take("endpoint");
    client.subscribe("listener");
    await client.take("listener");
    world.remove("cluster", "a");
    await client.flush((name) => world.set(resource("secret", name)));
    expect(client.unread()).toEqual([]);
    expect((await client.take("cluster")).removed).toEqual(["a"]);
  });
});

describe("the cost of one change", () => {
  let world: World;
  afterEach(() => world.stop());

  it("is one small response among 20,000 tables with a scope each", async () => {
    world = await startWorld({ transport: "delta" });
    const hosts = Array.from({ length: 20_000 }, (_, index) => `http-80/host-${index}.example.com`);
    world.set(...service("a"), resource("listener", "l"));
    world.set(...hosts.flatMap((name) => [resource("scope", name, name), resource("route", name, "a")]));
    const client = new FakeEnvoy({ port: world.server.port, transport: "delta", cluster: world.gateway });
    await settle(client, ["a"], []);
    client.subscribe("scope");
    expect((await client.take("scope")).resources.size).toBe(20_000);
    client.subscribe("route", ...hosts);
    const tables = new Set<string>();
    while (tables.size < 20_000) for (const name of (await client.take("route")).resources.keys()) tables.add(name);
    await eventually("the proxy is ready", () => world.server.state(world.gateway).readyProxies === 1);
    const [sent, bytes] = [world.server.sent(), world.server.bytes("route")];
    for (let round = 0; round < 10; round += 1) {
      world.set(resource("route", hosts[round * 1999] ?? "", `a-${round}`));
      expect((await client.take("route")).resources.size).toBe(1);
    }
    expect(world.server.sent() - sent).toBe(10);
    expect(world.server.bytes("route") - bytes).toBeLessThan(10 * 400);
    await client.close();
  });
});

function handles(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout" || kind.startsWith("TCP")).length;
}
