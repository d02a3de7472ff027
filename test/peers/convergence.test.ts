import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createExplainer } from "../../src/app/explainer.ts";
import type { ConvergenceQuestion, ReplicaCounts } from "../../src/core/convergence.ts";
import type { TlsMaterial } from "../../src/core/tls-material.ts";
import { createAuthority, issueCertificate, type KeyPair } from "../../src/identity/authority.ts";
import { ConvergenceClient } from "../../src/peers/convergence-client.ts";
import { PeerReports } from "../../src/peers/peer-reports.ts";
import { createPeerServer, type PeerServer } from "../../src/peers/peer-server.ts";
import { edge, ModelWorld, markedRoute, openGateway, routeKey } from "../convergence/model-world.ts";
import { HandClock } from "../identity/hand-clock.ts";
import { TestMaterial } from "../support/test-material.ts";

const trustDomain = "gatehouse.test";
const hour = 3_600_000;
const cart = routeKey("cart");

let authority: KeyPair;
const open: { stop(): unknown }[] = [];

beforeEach(async () => {
  authority = await createAuthority(Date.now(), 100 * hour);
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});

async function issue({ uri = `spiffe://${trustDomain}/control-plane`, issuer = authority } = {}): Promise<TlsMaterial> {
  const request = { usages: ["server", "client"], dnsNames: ["gatehouse"], uri } as const;
  const { cert, key } = await issueCertificate(issuer, { ...request, now: Date.now(), lifeMs: 24 * hour });
  return { ca: authority.cert, cert, key };
}

interface Listening {
  readonly address: string;
  readonly server: PeerServer;
}

async function listen(
  onConvergence: (question: ConvergenceQuestion) => ReplicaCounts,
  { port = 0, material }: { readonly port?: number; readonly material?: TlsMaterial } = {},
): Promise<Listening> {
  const server = createPeerServer({
    ...{ host: "127.0.0.1", port, material: new TestMaterial(material ?? (await issue())), trustDomain, onConvergence },
    reports: new PeerReports({ onMerged: () => {}, scheduler: new HandClock(0) }),
    clock: () => Date.now(),
    log: { info: () => {}, warn: () => {} },
  });
  const result = await server.start();
  if (result.kind === "refused") throw new Error(result.message);
  open.push(server);
  return { address: `127.0.0.1:${result.port}`, server };
}

async function connect(material?: TestMaterial, timeoutMs = 5_000): Promise<ConvergenceClient> {
  const client = new ConvergenceClient({
    material: material ?? new TestMaterial(await issue()),
    trustDomain,
    timeoutMs,
  });
  open.push(client);
  return client;
}

/** A replica with a translation, proxies and a channel of its own. */
async function startReplica() {
  const world = new ModelWorld();
  world.apply(openGateway("edge", [80]));
  world.apply(route("first"));
  world.flush();
  const channel = await listen((question) => world.convergence.answer(question));
  const client = await connect();
  const peers: string[] = [];
  const explainer = createExplainer({
    ...{ translator: world.translator, convergence: world.convergence },
    askReplicas: (questions) => client.ask(peers, questions),
  });
  return { world, channel, peers, explainer };
}

function route(mark: string): string {
  return markedRoute("cart", { hosts: ["cart.example.com"], gateways: ["edge"], mark });
}

const asked = { kind: "HTTPRoute", namespace: "shop", name: "cart" } as const;

describe("two replicas", () => {
  it("count the proxies of both, whichever is asked", async () => {
    const [one, two] = [await startReplica(), await startReplica()];
    one.peers.push(two.channel.address);
    two.peers.push(one.channel.address);
    one.world.connect(edge);
    for (const _ of [1, 2]) two.world.connect(edge);
    const told = async () => {
      const reports = await Promise.all([one, two].map(({ explainer }) => explainer.convergence(asked)));
      expect(reports[1]).toEqual(reports[0]);
      return `${reports[0]?.state}: ${reports[0]?.message}`;
    };
    expect(await told()).toBe("pending: generation 1 is acknowledged by 0 of 3 proxies of infra/edge");
    one.world.settle();
    two.world.proxies[0]?.acknowledge(two.world.table);
    expect(await told()).toBe("pending: generation 1 is acknowledged by 2 of 3 proxies of infra/edge");
    two.world.settle();
    expect(await told()).toBe("converged: generation 1 is acknowledged by all proxies, 3 of 3");
    one.world.apply(route("second"), 2);
    one.world.flush();
    expect(await told()).toBe("pending: 1 of 2 replicas have not read generation 2 yet");
    two.world.apply(route("second"), 2);
    two.world.flush();
    for (const { world } of [one, two]) world.settle();
    expect(await told()).toBe("converged: generation 2 is acknowledged by all proxies, 3 of 3");
  });

  it("explain a route with the proxies of both, listener by listener", async () => {
    const [one, two] = [await startReplica(), await startReplica()];
    one.peers.push(two.channel.address);
    two.world.connect(edge).acknowledge(two.world.table);
    two.world.connect(edge);
    one.world.connect(edge).acknowledge(one.world.table);
    const acknowledgement = async () =>
      (await one.explainer.explainRoute(asked)).parents[0]?.listeners[0]?.acknowledgement;
    expect(await acknowledgement()).toEqual({ connected: 3, acknowledged: 2, refusals: [] });
    await two.channel.server.stop();
    expect(await acknowledgement()).toEqual({ connected: 1, acknowledged: 1, refusals: [], silentReplicas: 1 });
  });

  it("say when one of them does not answer, and ask it again once it does", async () => {
    const [one, two] = [await startReplica(), await startReplica()];
    one.peers.push(two.channel.address);
    for (const { world } of [one, two]) world.connect(edge).acknowledge(world.table);
    expect(await one.explainer.convergence(asked)).toMatchObject({ state: "converged" });
    await two.channel.server.stop();
    expect(await one.explainer.convergence(asked)).toMatchObject({
      ...{ state: "pending", reason: "ReplicasSilent", message: "1 of 2 replicas answered" },
      replicas: { answered: 1, known: 2 },
    });
    const port = Number(two.channel.address.split(":")[1]);
    await listen((question) => two.world.convergence.answer(question), { port });
    expect(await one.explainer.convergence(asked)).toMatchObject({ state: "converged", replicas: { answered: 2 } });
  });
});

describe("a question", () => {
  const questions = [{ kind: "object", object: cart }] as const;
  const answer = () => ({ generation: 1, gateways: [] });

  it("is answered by a replica, and by nobody in its place", async () => {
    const good = await listen(answer);
    const fleet = await listen(answer, { material: await issue({ uri: `spiffe://${trustDomain}/fleet/a/b/c` }) });
    const client = await connect();
    const answers = await client.ask([good.address, fleet.address, "127.0.0.1:1"], questions);
    expect(answers).toEqual([[{ generation: 1, gateways: [] }], undefined, undefined]);
  });

  it.each([
    ["a proxy", () => issue({ uri: `spiffe://${trustDomain}/fleet/a/b/c` })],
    ["a replica of another authority", async () => issue({ issuer: await createAuthority(Date.now(), hour) })],
  ])("of %s is not answered", async (_, material) => {
    let count = 0;
    const { address } = await listen(() => {
      count += 1;
      return answer();
    });
    const client = await connect(new TestMaterial(await material()));
    expect(await client.ask([address], questions)).toEqual([undefined]);
    expect(count).toBe(0);
  });

  it("waits no longer than it may", async () => {
    const { address } = await listen(() => {
      const until = performance.now() + 400;
      while (performance.now() < until);
      return answer();
    });
    const client = await connect(undefined, 100);
    expect(await client.ask([address], questions)).toEqual([undefined]);
  });

  it("is asked with the newest certificate, and of nobody without one", async () => {
    const { address } = await listen(answer);
    const material = new TestMaterial();
    const client = await connect(material);
    expect(await client.ask([address], questions)).toEqual([undefined]);
    material.set(await issue());
    expect(await client.ask([address], questions)).toEqual([[answer()]]);
    material.set(await issue());
    expect(await client.ask([address], questions)).toEqual([[answer()]]);
  });
});
