import { afterEach, describe, expect, it } from "vitest";
import type { KubeFailure, RawObject } from "../../src/core/kube-client.ts";
import { type Scheduler, systemScheduler } from "../../src/core/scheduler.ts";
import { createReflector, type Reflector, type ReflectorOptions } from "../../src/watch/reflector.ts";
import { kubeApiOf, until } from "../support/cluster-world.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";

interface Followed {
  readonly server: FakeApiServer;
  readonly reflector: Reflector;
  readonly objects: Map<string, RawObject>;
  readonly problems: (KubeFailure | undefined)[];
  /** How long it waited each time, in milliseconds. */
  readonly waits: number[];
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A reflector of Services; where it waits after a failure, its clock goes on at once. */
async function follow(
  options: Partial<ReflectorOptions> = {},
  { prepare = (_: FakeApiServer) => {} } = {},
): Promise<Followed> {
  const server = await startFakeApiServer();
  cleanups.push(() => server.stop());
  prepare(server);
  const api = kubeApiOf(server.url);
  const objects = new Map<string, RawObject>();
  const problems: (KubeFailure | undefined)[] = [];
  const waits: number[] = [];
  const scheduler: Scheduler = {
    now: systemScheduler.now,
    after: (milliseconds, task) => {
      if (milliseconds === idle || milliseconds === never) return systemScheduler.after(milliseconds, task);
      if (milliseconds !== healthy) waits.push(milliseconds);
      return systemScheduler.after(milliseconds === healthy ? milliseconds : 1, task);
    },
  };
  const reflector = createReflector({
    api,
    resource: { group: "", version: "v1", plural: "services" },
    events: {
      set: (name, object) => void objects.set(name, object),
      delete: (name) => void objects.delete(name),
      batch: () => {},
      synced: () => {},
      problem: (failure) => void problems.push(failure),
    },
    scheduler,
    random: () => 1,
    idleMs: never,
    ...options,
  });
  cleanups.push(async () => {
    await reflector.stop();
    api.close();
  });
  reflector.start();
  return { server, reflector, objects, problems, waits };
}

/** The idle time of the test that has one, and the time after which a watch counts as one that works. */
const idle = 150;
const never = 600_000;
const healthy = 2_000;
const service = (name: string) => ({ metadata: { name, namespace: "one" }, spec: {} });

describe("a reflector", () => {
  it("cuts a watch that has gone silent and goes on from where it was", async () => {
    const { server, objects, reflector } = await follow({ idleMs: idle });
    await until(() => server.watches === 1);
    server.stallWatches();
    server.put("Service", service("a"));
    await until(() => objects.has("one/a"));
    expect(reflector.problem).toBeUndefined();
    expect(server.requests.filter(({ watch }) => !watch)).toHaveLength(1);
  });

  it("waits longer after each failure, never more than 30 seconds, and begins anew once it works", async () => {
    const { server, waits, objects } = await follow(
      {},
      { prepare: (each) => void each.fail(/services/, { status: 500, message: "broken" }, 10) },
    );
    await until(() => server.watches === 1);
    expect(waits).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    server.put("Service", service("a"));
    await until(() => objects.size === 1);
    server.fail(({ watch }) => watch, { status: 503, message: "busy" }, 1);
    server.dropWatches("reset");
    await until(() => waits.length >= 12 && server.watches === 1);
    expect(waits.slice(10)).toEqual([200, 400]);
  });

  it("waits no longer than until the server is back, however long it has been away", async () => {
    const impatient: Scheduler = {
      now: systemScheduler.now,
      after: (milliseconds, task) => {
        waited.push(milliseconds);
        return systemScheduler.after(milliseconds > 20_000 ? milliseconds : Math.min(milliseconds, 1), task);
      },
    };
    const waited: number[] = [];
    const { server, objects } = await follow({ scheduler: impatient });
    await until(() => server.watches === 1);
    await server.pause();
    // It has given up for half a minute, which is longer than this test may last.
    await until(() => waited.includes(25_600));
    server.put("Service", service("a"));
    await server.resume();
    await until(() => objects.has("one/a"));
  }, 15_000);

  it("stays away for as long as the server asks", async () => {
    const { waits, reflector } = await follow(
      {},
      { prepare: (each) => void each.fail(/services/, { status: 429, reason: "TooManyRequests", retryAfter: 7 }, 1) },
    );
    await until(() => reflector.synced);
    expect(waits[0]).toBe(7000);
  });

  it("does not ask in a circle a server that calls every version too old, or ends every watch", async () => {
    const { server, waits, problems } = await follow();
    await until(() => server.watches === 1);
    server.fail(({ watch }) => watch, { status: 410, reason: "Expired" }, 4);
    server.dropWatches("reset");
    await until(() => server.requests.filter(({ watch }) => watch).length === 6);
    expect(waits).toEqual([200, 400, 800, 1600, 3200]);
    expect(problems.at(-1)).toBeUndefined();
    server.fail(({ watch }) => watch, { text: "" }, 3);
    server.dropWatches("end");
    await until(() => server.requests.filter(({ watch }) => watch).length === 10);
    expect(waits.slice(5).every((wait) => wait > 3200)).toBe(true);
  });

  it("goes on from a bookmark where its own last event is too old", async () => {
    const { server, objects } = await follow();
    await until(() => server.watches === 1);
    server.put("Secret", { metadata: { name: "s", namespace: "one" } });
    server.compact();
    server.bookmark();
    server.dropWatches("end");
    server.put("Service", service("a"));
    await until(() => objects.size === 1);
    expect(server.requests.filter(({ watch }) => !watch)).toHaveLength(1);
  });

  it("takes a list for the truth even when versions have gone backwards", async () => {
    const list = (version: string, names: readonly string[]) => ({
      text: JSON.stringify({
        metadata: { resourceVersion: version },
        items: names.map((name) => ({ metadata: { name, resourceVersion: version } })),
      }),
    });
    const { server, objects } = await follow(
      {},
      { prepare: (each) => void each.fail(({ watch }) => !watch, list("900", ["a", "b"]), 1) },
    );
    await until(() => objects.size === 2);
    // Every list from now on: the server itself knows no objects, and the state must not pass by between two looks.
    server.fail(({ watch }) => !watch, list("5", ["a"]), 1_000);
    server.compact();
    server.dropWatches("reset");
    server.fail(({ watch }) => watch, { status: 410, reason: "Expired" }, 1);
    await until(() => objects.size === 1);
    expect(objects.get("a")?.metadata.resourceVersion).toBe("5");
  });

  it("lists again when an answer is no list, and says what is wrong meanwhile", async () => {
    const { problems, reflector } = await follow(
      {},
      { prepare: (each) => void each.fail(({ watch }) => !watch, { text: '{"items":[{}],"metadata":{}}' }, 1) },
    );
    await until(() => reflector.synced);
    expect(problems.map((each) => each?.message)).toEqual(["the API server's answer is not a list", undefined]);
  });
});
