import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RawObject } from "../../src/core/kube-client.ts";
import { LeaderElector, leaseTimes } from "../../src/status/leader.ts";
import { readLease } from "../../src/status/lease.ts";
import { type FakeApiServer, type LoggedRequest, startFakeApiServer } from "../support/fake-api-server.ts";
import { ManualScheduler } from "../support/manual-scheduler.ts";
import { CountingClient } from "./counting-client.ts";

let server: FakeApiServer;
let scheduler: ManualScheduler;
/** What happened, in its order, over all replicas. */
let story: string[];
let clients: CountingClient[];
/** How long an answer is waited for: short where none will come. */
let patience: number;

beforeEach(async () => {
  server = await startFakeApiServer();
  scheduler = new ManualScheduler();
  story = [];
  clients = [];
  patience = 10_000;
});

afterEach(() => server.stop());

function elect(identity: string, { chance = 0, clock = "2026-01-01T00:00:00Z" } = {}): LeaderElector {
  const client = new CountingClient(server.clientOf(identity));
  clients.push(client);
  const elector = new LeaderElector({
    client,
    namespace: "gatehouse-system",
    name: "gatehouse",
    identity,
    peerAddress: `${identity}:18001`,
    now: () => new Date(Date.parse(clock) + scheduler.now()),
    scheduler,
    random: () => chance,
    onStartedLeading: () => story.push(`${identity} leads`),
    onStoppedLeading: () => story.push(`${identity} stops`),
    onLeaderChange: (leader) => story.push(`${identity} sees ${leader?.identity} at ${leader?.address}`),
    log: { info: () => {}, warn: () => {} },
  });
  elector.start();
  return elector;
}

/** Lets time go by in small steps, with the answers of the server between them. */
async function pass(milliseconds: number, step = 250): Promise<void> {
  for (let gone = 0; gone < milliseconds; gone += step) {
    scheduler.pass(step);
    await answers();
  }
}

async function answers(): Promise<void> {
  for (const client of clients) await client.idle(patience);
}

function lease(): ReturnType<typeof readLease> | undefined {
  const raw = server.get("Lease", "gatehouse-system/gatehouse");
  return raw === undefined ? undefined : readLease(raw);
}

function editLease(edit: (raw: RawObject) => object): void {
  const raw = server.get("Lease", "gatehouse-system/gatehouse");
  if (raw !== undefined) server.put("Lease", { ...raw, ...edit(raw) });
}

const isRenewal = ({ method }: LoggedRequest) => method === "PUT";

describe("at rest", () => {
  it("leads at once where there is no Lease, and tells the others where it is found", async () => {
    const elector = elect("a");
    await pass(250);
    expect(story).toEqual(["a leads", "a sees a at a:18001"]);
    expect(elector.leading).toBe(true);
    expect(lease()?.raw["spec"]).toMatchObject({ holderIdentity: "a", leaseDurationSeconds: 15, leaseTransitions: 0 });
    const other = elect("b");
    await pass(60_000, 1_000);
    expect(other.leading).toBe(false);
    expect(other.leaderAddress()).toBe("a:18001");
    expect(story.slice(2)).toEqual(["b sees a at a:18001"]);
  });

  it("sends nothing but a renewal every five seconds", async () => {
    elect("a");
    await pass(1_000);
    const before = server.requests.length;
    await pass(600_000, 2_500);
    expect(server.requests.slice(before).every(isRenewal)).toBe(true);
    expect(server.requests.length - before).toBe(120);
  });
});

describe("another leader", () => {
  it("takes over at the next look when the leader stops", async () => {
    const leader = elect("a");
    await pass(250);
    const other = elect("b");
    await pass(3_000);
    await leader.stop();
    expect(lease()?.leader).toBeUndefined();
    await pass(3_000);
    expect(other.leading).toBe(true);
    expect(story.filter((line) => !line.includes("sees"))).toEqual(["a leads", "a stops", "b leads"]);
    expect(lease()?.raw["spec"]).toMatchObject({ holderIdentity: "b", leaseDurationSeconds: 15, leaseTransitions: 1 });
    expect(other.leaderAddress()).toBe("b:18001");
  });

  it("takes over when it saw no renewal for the whole duration, whatever the clocks of the machines say", async () => {
    elect("a", { clock: "2036-01-01T00:00:00Z" });
    await pass(250);
    server.fail(
      ({ method, body }) => method === "PUT" && JSON.stringify(body).includes('"holderIdentity":"a"'),
      "hang",
    );
    patience = 100;
    const other = elect("b", { clock: "2016-01-01T00:00:00Z" });
    await pass(14_000, 500);
    expect(other.leading).toBe(false);
    await pass(4_000, 500);
    expect(story.filter((line) => !line.includes("sees"))).toEqual(["a leads", "a stops", "b leads"]);
  });

  it("does not take a Lease that is renewed, however old its times look", async () => {
    elect("a", { clock: "1999-01-01T00:00:00Z" });
    await pass(250);
    elect("b");
    await pass(120_000, 1_000);
    expect(story).not.toContain("b leads");
  });

  it("is only one of two that ask for a free Lease at once", async () => {
    elect("a");
    elect("b");
    await pass(10_000);
    expect(story.filter((line) => line.endsWith("leads"))).toHaveLength(1);
  });

  it("waits until the holder must have noticed when the Lease is deleted", async () => {
    elect("a");
    await pass(250);
    elect("b");
    await pass(4_000);
    server.remove("Lease", "gatehouse-system/gatehouse");
    await pass(30_000);
    const turns = story.filter((line) => !line.includes("sees"));
    expect(turns).toEqual(["a leads", "a stops", "a leads"]);
  });

  it("takes its own Lease back at once after its process was started again", async () => {
    server.put("Lease", {
      metadata: { namespace: "gatehouse-system", name: "gatehouse" },
      spec: { holderIdentity: "a", leaseDurationSeconds: 15, leaseTransitions: 4 },
    });
    elect("a");
    await pass(250);
    expect(story[0]).toBe("a leads");
    expect(lease()?.transitions).toBe(4);
  });
});

describe("a leader", () => {
  it("stops before anybody else can lead when the API server is away", async () => {
    const elector = elect("a");
    await pass(250);
    await server.pause();
    await pass(9_000);
    expect(elector.leading).toBe(true);
    await pass(1_500);
    expect(story).toContain("a stops");
    await server.resume();
    await pass(5_000);
    expect(elector.leading).toBe(true);
  });

  it("knows that its time is over also when no timer could run", async () => {
    const elector = elect("a");
    await pass(250);
    scheduler.freeze(leaseTimes.renewDeadline);
    expect(elector.leading).toBe(false);
  });

  it("does not go by an answer that comes when its time is over", async () => {
    const elector = elect("a");
    server.fail(({ method }) => {
      if (method === "POST") scheduler.freeze(leaseTimes.renewDeadline);
      return false;
    }, "reset");
    await pass(250);
    expect(story.filter((line) => line === "a leads")).toEqual([]);
    expect(elector.leading).toBe(false);
  });

  it("stops as soon as it sees that the Lease is gone", async () => {
    elect("a");
    await pass(250);
    server.remove("Lease", "gatehouse-system/gatehouse");
    await pass(5_250);
    expect(story).toContain("a stops");
  });

  it("stays so when somebody else changes a label of the Lease, and keeps the label", async () => {
    elect("a");
    await pass(250);
    editLease(({ metadata }) => ({ metadata: { ...metadata, labels: { team: "x" } } }));
    await pass(20_000);
    expect(story.filter((line) => !line.includes("sees"))).toEqual(["a leads"]);
    expect(lease()?.raw.metadata.labels).toEqual({ team: "x" });
  });

  it("stops as soon as it sees that somebody else took the Lease", async () => {
    elect("a");
    await pass(250);
    editLease(({ spec }) => ({ spec: { ...(spec as object), holderIdentity: "z" } })); // a Lease has a spec
    await pass(6_000);
    expect(story.slice(2)).toEqual(["a stops", "a sees z at a:18001"]);
  });

  it("goes on when a renewal fails now and then", async () => {
    elect("a");
    await pass(250);
    for (const fault of [{ status: 500 }, "reset", { text: "nonsense" }, { text: "{}" }] as const) {
      server.fail(isRenewal, fault, 1);
      await pass(6_000);
    }
    expect(story.filter((line) => !line.includes("sees"))).toEqual(["a leads"]);
  });

  it("that stops while it is asked gives nothing back that it does not hold", async () => {
    const elector = elect("a");
    await elector.stop();
    await pass(5_000);
    expect(story).toEqual([]);
    expect(lease()).toBeUndefined();
  });
});
