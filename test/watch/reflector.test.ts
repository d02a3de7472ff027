import { afterEach, describe, expect, it } from "vitest";
import type { KubeFailure, RawObject } from "../../src/core/kube-client.ts";
import { type Scheduler, systemScheduler } from "../../src/core/scheduler.ts";
import type { KubeApi } from "../../src/watch/kube-api.ts";
import { createReflector, type Reflector, type ReflectorOptions } from "../../src/watch/reflector.ts";
import { kubeApiOf, until } from "../support/cluster-world.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";

interface Followed {
  readonly server: FakeApiServer;
  readonly api: KubeApi;
  readonly reflector: Reflector;
  readonly objects: Map<string, RawObject>;
  readonly problems: (KubeFailure | undefined)[];
  /** How long it waited each time, in milliseconds. */
  readonly waits: number[];
  /** The lists that had been asked for each time that it said that all is read. */
  readonly listsAtSync: number[];
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A reflector of Services; where it waits after a failure, its clock goes on at once. */
async function follow(
  options: Partial<ReflectorOptions> = {},
  { prepare = (_: FakeApiServer) => {}, clock = systemScheduler.now } = {},
): Promise<Followed> {
  const server = await startFakeApiServer();
  cleanups.push(() => server.stop());
  prepare(server);
  const api = kubeApiOf(server.url, undefined, { ...systemScheduler, now: clock });
  const objects = new Map<string, RawObject>();
  const problems: (KubeFailure | undefined)[] = [];
  const waits: number[] = [];
  const listsAtSync: number[] = [];
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
      synced: () => void listsAtSync.push(lists(server)),
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
  return { server, api, reflector, objects, problems, waits, listsAtSync };
}

function lists({ requests }: FakeApiServer): number {
  return requests.filter(({ path, watch }) => path.endsWith("/services") && !watch).length;
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
    expect(lists(server)).toBe(1);
  });

  it("asks a server that has sent bookmarks, and is silent, once how far it has come", async () => {
    const { server } = await follow({ idleMs: idle });
    await until(() => server.watches === 1);
    const watches = () => server.requests.filter(({ watch }) => watch).length;
    server.stallWatches();
    const metadata = { resourceVersion: "1" };
    server.writeToWatches("Service", `${JSON.stringify({ type: "BOOKMARK", object: { metadata } })}\n`);
    for (const count of [2, 3, 4]) {
      await until(() => watches() === count && server.watches === 1);
      server.stallWatches();
    }
    const questions = server.requests.filter(({ watch, query }) => !watch && query["limit"] === "1");
    expect([lists(server), questions.length]).toEqual([2, 1]);
  });

  it("lists again when a watch stays silent because the server's data came from a backup", async () => {
    const { server, objects, api } = await follow({ idleMs: idle });
    server.put("Service", service("a"));
    await until(() => objects.has("one/a") && server.watches === 1);
    // The versions that it told were of a time that is lost: it would be silent until it comes to them again.
    server.stallWatches();
    const metadata = { resourceVersion: "1000000" };
    server.writeToWatches("Service", `${JSON.stringify({ type: "BOOKMARK", object: { metadata } })}\n`);
    server.put("Service", service("b"));
    server.remove("Service", "one/a");
    await until(() => objects.has("one/b") && !objects.has("one/a"));
    await api.rewound;
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

  it("that is refused for good keeps nobody waiting where it is optional, and goes on when it is let in", async () => {
    const forbidden = { status: 403, reason: "Forbidden", message: "services is forbidden" };
    const allow: (() => void)[] = [];
    const { server, reflector, listsAtSync, objects, problems } = await follow(
      { namespace: "one", optional: true },
      {
        clock: () => 0,
        prepare: (each) => {
          each.put("Namespace", { metadata: { name: "one" } });
          each.put("Service", service("a"));
          allow.push(each.fail(/namespaces\/one\/services/, forbidden));
        },
      },
    );
    await until(() => reflector.synced);
    // A server that has just started may not know our rights yet.
    expect(listsAtSync).toEqual([8]);
    expect(problems).toMatchObject([{ status: 403 }]);
    for (const each of allow) each();
    await until(() => objects.has("one/a") && server.watches === 1);
    expect(problems.at(-1)).toBeUndefined();
  });

  it("keeps nobody waiting where nothing could be read in its namespace for ten seconds, by whomever", async () => {
    let asked: FakeApiServer | undefined;
    const { api, reflector, listsAtSync } = await follow(
      { namespace: "one", optional: true },
      {
        clock: () => (asked !== undefined && lists(asked) >= 3 ? 10_000 : 0),
        prepare: (each) => {
          asked = each;
          each.put("Namespace", { metadata: { name: "one" } });
          each.fail(/namespaces\/one\/services/, { status: 403, reason: "Forbidden" });
        },
      },
    );
    await until(() => reflector.synced);
    expect(listsAtSync).toEqual([3]);
    expect(api.refusedNamespaces.refused("one")).toBe(true);
    api.refusedNamespaces.read("one");
    expect(api.refusedNamespaces.refused("one")).toBe(false);
  });

  it("that is refused waits on where it is not optional, and a server that is only busy is waited for anyway", async () => {
    const { reflector, waits } = await follow(
      {},
      { prepare: (each) => void each.fail(/services/, { status: 403, reason: "Forbidden" }) },
    );
    await until(() => waits.length > 12);
    expect(reflector.synced).toBe(false);
    const busy = await follow(
      { namespace: "one", optional: true },
      { prepare: (each) => void each.fail(/services/, { status: 503, reason: "ServiceUnavailable" }) },
    );
    await until(() => busy.waits.length > 12);
    expect(busy.reflector.synced).toBe(false);
  });

  it("lets go of what was in a namespace that has gone together with the right to read it", async () => {
    const { server, objects, reflector } = await follow(
      { namespace: "one", optional: true },
      {
        prepare: (each) => {
          each.put("Namespace", { metadata: { name: "one" } });
          each.put("Service", service("a"));
        },
      },
    );
    await until(() => objects.has("one/a") && server.watches === 1);
    const allow = server.fail(/namespaces\/one\/services/, { status: 403, reason: "Forbidden" });
    server.dropWatches("end");
    await until(() => lists(server) > 12);
    // Forbidden alone changes nothing: what is known stays.
    expect(objects.has("one/a")).toBe(true);
    server.remove("Namespace", "one");
    await until(() => objects.size === 0);
    expect(reflector.synced).toBe(true);
    server.put("Namespace", { metadata: { name: "one" } });
    allow();
    await until(() => objects.has("one/a"));
  });

  it("reads a list of large objects in pages that are small enough, each once", async () => {
    const large = "x".repeat(1024 * 1024);
    const { reflector, server, objects, problems } = await follow(
      {},
      {
        prepare: (each) => {
          for (let index = 0; index < 150; index += 1) {
            const heavy = index >= 20 && index < 60 ? { annotations: { large } } : {};
            each.put("Service", { metadata: { name: `s${1000 + index}`, namespace: "one", ...heavy }, spec: {} });
          }
        },
      },
    );
    await until(() => reflector.synced);
    expect(objects.size).toBe(150);
    const asked = server.requests.filter(({ path, watch }) => path.endsWith("/services") && !watch);
    // What is too much is asked for again by half, from where the list has come to.
    const limits = ["500", "250", "125", "62", "31", "31", ...Array.from({ length: 8 }, () => "15")];
    expect(asked.map(({ query }) => query["limit"])).toEqual(limits);
    expect(problems).toEqual([]);
  });
});
