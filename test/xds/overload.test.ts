import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "../support/envoy.ts";
import type { FakeEnvoy } from "./fake-envoy.ts";
import { defaultFleet, FleetIdentities } from "./fleet-identities.ts";
import { resource } from "./resources.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
afterEach(() => world.stop());

const megabyte = 1024 * 1024;

describe("large messages", () => {
  const connect = (count: number): FakeEnvoy[] => {
    const clients = Array.from({ length: count }, (_, index) => world.connect({ nodeId: `proxy-${index}` }));
    for (const client of clients) client.subscribe("cluster");
    return clients;
  };

  it("go to eight proxies at a time, and to the next when one answers, refuses or goes", async () => {
    world = await startWorld({ transport: "delta", largeSendPatienceMs: 600_000 });
    world.set(resource("cluster", "big", "x".repeat(megabyte)));
    const clients = connect(12);
    const served = () => clients.filter((client) => client.unread().length > 0);
    await eventually("eight have theirs", () => served().length === 8);
    expect(world.server.sent()).toBe(8);
    const [first, second, third] = served();
    await first?.take("cluster");
    await eventually("the ninth has its own", () => world.server.sent() === 9);
    if (second !== undefined) second.nack(await second.next("cluster"), "no");
    await eventually("the tenth", () => world.server.sent() >= 10);
    await third?.close();
    await eventually("the eleventh", () => world.server.sent() >= 11);
    for (const client of served()) await client.take("cluster");
    await eventually("the twelfth", () => world.server.sent() >= 12);
  });

  it("do not hold up what is small, and go as what is newest when their turn comes", async () => {
    world = await startWorld({ transport: "delta", largeSendPatienceMs: 600_000 });
    world.set(resource("cluster", "big", "x".repeat(megabyte)));
    const clients = connect(9);
    await eventually("eight have theirs", () => clients.filter((one) => one.unread().length > 0).length === 8);
    const [late] = clients.filter((client) => client.unread().length === 0);
    world.set(resource("secret", "small"));
    late?.subscribe("secret", "small");
    expect((await late?.take("secret"))?.resources.has("small")).toBe(true);
    world.set(resource("cluster", "big", "y".repeat(megabyte)), resource("cluster", "more"));
    await clients.find((client) => client !== late)?.take("cluster");
    const answer = await late?.take("cluster");
    expect(answer?.resources.get("big")?.version).toBe(resource("cluster", "big", "y".repeat(megabyte)).version);
    expect(late?.received.filter(({ type }) => type === "cluster").length).toBe(1);
  });
});

describe("limits of connections", () => {
  let identities: FleetIdentities;
  const start = async (options: { readonly fleetSize?: () => number | undefined } = {}) => {
    identities = await FleetIdentities.create();
    world = await startWorld({ transport: "delta", security: identities.security, ...options });
    world.set(resource("cluster", "a"));
  };

  it("a proxy's third is refused in words, and its first two are served", async () => {
    await start();
    const credentials = identities.credentials(await identities.proxy());
    const open = async () => {
      const client = world.connect({ credentials, nodeId: "proxy-0" });
      client.subscribe("cluster");
      return client;
    };
    const served = [await open(), await open()];
    for (const client of served) await client.take("cluster");
    const end = await (await open()).ended;
    expect([end.code, end.details]).toEqual([status.RESOURCE_EXHAUSTED, "the proxy proxy-0 has 2 connections already"]);
    await served[0]?.close();
    await eventually("it is gone", () => world.server.open() === 1);
    await (await open()).take("cluster");
  });

  it("a fleet's are twice its size and eight, and another fleet's are its own", async () => {
    await start({ fleetSize: () => 1 });
    const credentials = identities.credentials(await identities.proxy());
    for (let index = 0; index < 10; index++) {
      const client = world.connect({ credentials, nodeId: `proxy-${index}` });
      client.subscribe("cluster");
      await client.take("cluster");
    }
    const refused = world.connect({ credentials, nodeId: "proxy-10" });
    refused.subscribe("cluster");
    expect(await refused.ended).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining(defaultFleet.gateway),
    });
    const other = { gateway: "infra/other", uid: "uid-2" } as typeof defaultFleet;
    world.table.addFleet(other.gateway);
    const neighbour = world.connect({
      credentials: identities.credentials(await identities.proxy(other)),
      cluster: other.gateway,
    });
    neighbour.subscribe("cluster");
    await neighbour.take("cluster");
    expect(world.server.open()).toBe(11);
  });

  it("a connection is told that it has four streams at most", async () => {
    world = await startWorld({ transport: "delta" });
    const session = connectHttp2(`http://127.0.0.1:${world.server.port}`);
    await new Promise((resolve) => session.once("remoteSettings", resolve));
    expect(session.remoteSettings.maxConcurrentStreams).toBe(4);
    session.destroy();
  });

  it("a host's unfinished handshakes are 256, and who comes after them is served once they are gone", async () => {
    await start();
    const idle: Socket[] = [];
    let closed = 0;
    for (let count = 0; count < 300; count++) {
      const socket = connectTcp({ host: "127.0.0.1", port: world.server.port });
      socket
        .on("error", () => {})
        .on("close", () => {
          closed += 1;
        });
      idle.push(socket);
    }
    await eventually("44 are turned away", () => closed === 44);
    const told = world.server.log.filter(({ message }) => message.startsWith("connection refused"));
    expect(told).toMatchObject([{ fields: { reason: "too many unfinished handshakes" } }]);
    for (const socket of idle) socket.destroy();
    const client = world.connect({ credentials: identities.credentials(await identities.proxy()) });
    client.subscribe("cluster");
    await client.take("cluster");
  });
});

describe("a server that stops", () => {
  it("tells those that wait for their turn", async () => {
    world = await startWorld({ transport: "delta" });
    const clients = Array.from({ length: 60 }, (_, index) => world.connect({ nodeId: `proxy-${index}` }));
    for (const client of clients) client.subscribe("cluster");
    await eventually("some are there", () => world.server.open() > 0);
    await world.server.stop();
    for (const client of clients) expect((await client.ended).code).toBe(status.UNAVAILABLE);
  });
});
