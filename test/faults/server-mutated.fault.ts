import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, expect, it } from "vitest";
import { encodeMessage } from "../../proto/messages.ts";
import { typeUrls } from "../../src/core/xds-resource.ts";
import { createAuthority, type KeyPair } from "../../src/identity/authority.ts";
import { decodeDeltaRequest, decodeSotwRequest } from "../../src/xds/codec.ts";
import { eventually } from "../support/envoy.ts";
import { FakeEnvoy } from "../xds/fake-envoy.ts";
import { defaultFleet, FleetIdentities, serverName } from "../xds/fleet-identities.ts";
import { scaled } from "./scale.ts";
import { type Ads, startAds } from "./support/ads.ts";
import { mutate, seeded } from "./support/mutate.ts";
import { clientHello, requestFrames, requestMessage } from "./support/wire.ts";

let ads: Ads | undefined;
afterEach(() => ads?.kill());

const kib = 1024;
/** Connections that send a few mutated records, frames or messages each. */
const strangers = scaled({ short: 2_000, long: 60_000 });
const waiting = scaled({ short: 1_200, long: 2_000 });
const proxies = scaled({ short: 600, long: 20_000 });
const streams = scaled({ short: 400, long: 10_000 });
const decoded = scaled({ short: 15_000, long: 400_000 });
const perConnection = 6;
const atOnce = 40;

async function start() {
  const identities = await FleetIdentities.create();
  const proxy = await identities.proxy();
  const server = await startAds({ identities, proxies: [proxy], resources: { count: 20, bytes: 100 } });
  ads = server;
  return { identities, proxy, server };
}

it("fault 20: of who has not proven who they are nothing is decoded, and at most a read buffer of 64 KiB is kept for each", async () => {
  const { identities, server } = await start();
  const random = seeded(20);
  const [hello, frames, message] = [await clientHello(), await requestFrames("proxy-0"), requestMessage("proxy-0")];
  const corpus = [hello, hello, ...frames, message, Buffer.concat(frames), Buffer.alloc(16 * kib, "x")];
  let sent = 0;
  await inParallel(strangers, async () => {
    const socket = await reach(server.port, anyHost(random));
    if (random() < 0.5) socket.write(hello);
    for (let count = 0; count < perConnection; count++) {
      socket.write(mutate(corpus[Math.floor(random() * corpus.length)] ?? hello, random));
      sent += 1;
    }
    await closed(socket, 20);
  });
  const foreign = await createAuthority(Date.now(), 3_600_000);
  const shown = [undefined, foreign, await identities.proxy({ issuer: foreign })];
  await inParallel(strangers / 20, async (index) => {
    const socket = await handshake(server.port, identities, {
      pair: shown[index % shown.length],
      host: anyHost(random),
    });
    for (const frame of frames) socket.write(frame);
    sent += frames.length;
    await closed(socket, 500);
  });

  const began = performance.now();
  const idle: Socket[] = [];
  const wait = async (index: number) => {
    const socket = await reach(server.port, `127.0.1.${1 + (index % 250)}`);
    // Nearly a whole record of a handshake: whoever reads it waits for more.
    const head = Buffer.from([0x16, 0x03, 0x01, 0x40, 0x00, 0x01, 0x00, 0x3f, 0xfc]);
    socket.write(Buffer.concat([head, Buffer.alloc(16_000)]));
    idle.push(socket);
  };
  // The first ones make the process grow by more than what they are.
  await inParallel(waiting / 2, wait);
  const before = await server.report({ collect: true });
  await inParallel(waiting / 2, wait);
  const during = await server.report({ collect: true });
  await eventually("unfinished handshakes are given up", () => idle.every(({ closed }) => closed), 30);
  const tookMs = performance.now() - began;
  const each = Math.max(during.rss - before.rss, during.alive - before.alive) / (waiting / 2);
  const after = await server.report();
  console.log(
    `${sent} mutated records, frames and messages of ${strangers + strangers / 20} strangers: ${after.decodes} decoded, ` +
      `${after.opened} streams; ${waiting} unfinished handshakes take ${(each / kib).toFixed(1)} KiB each, all told, and are ` +
      `given up within ${tookMs.toFixed(0)} ms`,
  );
  expect(server.alive()).toBe(true);
  expect([after.decodes, after.opened, after.sent]).toEqual([0, 0, 0]);
  // A read buffer, which Node's TLS takes for each connection before it reads, and the state of OpenSSL.
  expect(each).toBeLessThanOrEqual((64 + 32) * kib);
  expect(tookMs).toBeLessThanOrEqual(20_000);
});

it("fault 20: a proxy's mutated frames and messages end its own streams, and nothing else", async () => {
  const { identities, proxy, server } = await start();
  const random = seeded(21);
  let [frameCount, messageCount] = [0, 0];
  const credentials = identities.credentials(proxy);
  const { gateway: cluster } = defaultFleet;
  const steady = new FakeEnvoy({ port: server.port, transport: "delta", cluster, nodeId: "steady", credentials });
  steady.subscribe("cluster");
  await steady.take("cluster");

  await inParallel(proxies, async (index) => {
    const frames = await requestFrames(`proxy-${index}`);
    const socket = await handshake(server.port, identities, { pair: proxy, host: anyHost(random) });
    const [first, ...rest] = frames;
    if (first !== undefined) socket.write(first);
    for (let count = 0; count < perConnection; count++) {
      const frame = rest[Math.floor(random() * rest.length)];
      // Now and then one as it should be, so that what follows finds a stream.
      if (frame !== undefined) socket.write(random() < 0.4 ? frame : mutate(frame, random));
      frameCount += 1;
    }
    await closed(socket, 10);
  });
  const session = await openSession(server.port, identities, proxy);
  await inParallel(
    streams,
    async (index) => {
      const stream = session.request(headers);
      const over = new Promise((resolve) => stream.on("close", resolve));
      stream.on("error", () => {}).resume();
      const whole = requestMessage(`stream-${index % 2}`);
      if (random() < 0.5) stream.write(whole);
      for (let count = 0; count < perConnection; count++) {
        const mutated = mutate(whole.subarray(5), random);
        const head = Buffer.alloc(5);
        head.writeUInt32BE(mutated.length, 1);
        stream.write(Buffer.concat([head, mutated]));
        messageCount += 1;
      }
      stream.end();
      await over;
    },
    3,
  );
  session.destroy();
  await server.set("news", "of the day", 20);
  expect((await steady.take("cluster")).resources.has("news")).toBe(true);
  // Of a connection that breaks off while nothing is read from it keepalive tells, after 40 s.
  await eventually("only the steady one is left", async () => (await server.report()).open === 1, 60);
  const { decodes, ends } = await server.report();
  console.log(
    `${frameCount} frames and ${messageCount} messages of ${proxies} connections and ${streams} streams, ${decodes} decodings ` +
      `begun; the server runs, the steady stream is served; streams ended: ${JSON.stringify(ends)}`,
  );
  expect(server.alive()).toBe(true);
  expect(decodes).toBeGreaterThan(streams);
  await steady.close();
});

it("fault 20: a message is a request or malformed, whatever its bytes", () => {
  const random = seeded(22);
  const delta = requestMessage("proxy-0").subarray(5);
  const sotw = Buffer.from(
    encodeMessage("envoy.service.discovery.v3.DiscoveryRequest", {
      node: { id: "proxy-0", cluster: defaultFleet.gateway },
      typeUrl: typeUrls.cluster,
      resourceNames: ["*", "a", "b"],
      responseNonce: "1-1",
    }),
  );
  let malformed = 0;
  for (let count = 0; count < decoded; count++) {
    for (const [decode, whole] of [
      [decodeDeltaRequest, delta],
      [decodeSotwRequest, sotw],
    ] as const) {
      const bytes = mutate(whole, random);
      try {
        const { typeUrl, nonce, node } = decode(bytes);
        expect([typeof typeUrl, typeof nonce, typeof (node?.id ?? "")]).toEqual(["string", "string", "string"]);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        malformed += 1;
      }
    }
  }
  console.log(`${2 * decoded} decodings, ${malformed} of them malformed`);
  expect(malformed).toBeGreaterThan(decoded / 10);
});

const headers = {
  ":method": "POST",
  ":path": "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
  "content-type": "application/grpc",
  te: "trailers",
};

/** Of its own for each connection, so that no limit for a host stands in the way. */
const anyHost = (random: () => number) =>
  `127.${1 + Math.floor(random() * 250)}.${Math.floor(random() * 250)}.${1 + Math.floor(random() * 250)}`;

async function inParallel(times: number, act: (index: number) => Promise<void>, workers = atOnce): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < times) {
      next += 1;
      await act(next - 1);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}

async function reach(port: number, localAddress: string): Promise<Socket> {
  const socket = connectTcp({ host: "127.0.0.1", port, localAddress });
  socket.on("error", () => {}).resume();
  await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
  return socket;
}

async function handshake(
  port: number,
  { authority }: FleetIdentities,
  { pair, host }: { readonly pair: KeyPair | undefined; readonly host: string },
): Promise<Socket> {
  const place = { host: "127.0.0.1", port, localAddress: host };
  const socket = connectTls({
    ...place,
    ca: authority.cert,
    ...pair,
    servername: serverName,
    ALPNProtocols: ["h2"],
  });
  socket.on("error", () => {}).resume();
  await new Promise((resolve) => socket.once("secureConnect", resolve).once("close", resolve));
  return socket;
}

/** Waits until the other end closes, but not for long. */
async function closed(socket: Socket, mostMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, mostMs);
    socket.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  socket.destroy();
}

async function openSession(port: number, identities: FleetIdentities, pair: KeyPair): Promise<ClientHttp2Session> {
  const socket = connectTls({
    host: "127.0.0.1",
    port,
    ca: identities.authority.cert,
    ...pair,
    servername: serverName,
    ALPNProtocols: ["h2"],
  });
  const session = connectHttp2("https://localhost", { createConnection: () => socket });
  session.on("error", () => {});
  await new Promise((resolve) => session.once("remoteSettings", resolve));
  return session;
}
