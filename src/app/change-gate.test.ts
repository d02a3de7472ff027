import { expect, it } from "vitest";
import { ManualScheduler } from "../../test/support/manual-scheduler.ts";
import type { ReferenceGrant } from "../core/gateway-api.ts";
import { type Kind, type NamespacedName, namespacedName, type ObjectByKind } from "../core/keys.ts";
import type { ObjectSink } from "../watch/object-source.ts";
import { ChangeGate } from "./change-gate.ts";

/** What came through, as `kind namespace/name generation`, or `-kind namespace/name` for what is gone. */
class Recorder implements ObjectSink {
  readonly log: string[] = [];

  set<K extends Kind>(kind: K, name: NamespacedName, object: ObjectByKind[K]): void {
    this.log.push(`${kind} ${name} ${object.metadata.generation}`);
  }

  delete(kind: Kind, name: NamespacedName): void {
    this.log.push(`-${kind} ${name}`);
  }
}

function start(limits: Readonly<Record<string, number>>) {
  const time = new ManualScheduler();
  const sink = new Recorder();
  const limitOf = new Map(Object.entries(limits));
  const held: string[] = [];
  const told: string[] = [];
  let batches = 0;
  const gate = new ChangeGate({
    sink,
    limitOf: (namespace) => limitOf.get(namespace),
    onHeld: ({ key, object }) => held.push(object === undefined ? `holds the end of ${key}` : `holds ${key}`),
    onLet: ({ key }) => held.push(`lets ${key}`),
    onBatch: () => {
      batches += 1;
    },
    log: { warn: (fields) => told.push(JSON.stringify(fields)) },
    scheduler: time,
  });
  const set = (kind: "HTTPRoute" | "Service" | "EndpointSlice" | "ReferenceGrant", key: string, generation = 1) => {
    const [namespace = "", name = ""] = key.split("/");
    const metadata = { name, namespace, generation, creationTimestamp: "2026-01-01T00:00:00Z" };
    // Only metadata is looked at.
    gate.set<Kind>(kind, namespacedName(namespace, name), { kind, metadata } as ReferenceGrant);
  };
  const remove = (kind: Kind, key: string) => gate.delete(kind, key as NamespacedName);
  return { time, sink, limitOf, gate, set, remove, held, told, batches: () => batches };
}

/** Uses up what a namespace may do at once. */
function exhaust({ set, sink }: ReturnType<typeof start>, namespace: string, count: number): void {
  for (let index = 0; index < count; index += 1) set("HTTPRoute", `${namespace}/used-${index}`);
  sink.log.length = 0;
}

it("lets everything through at once where nothing is limited", () => {
  const { gate, set, sink, time } = start({});
  for (let edit = 1; edit <= 1000; edit += 1) set("HTTPRoute", "team/a", edit);
  expect(sink.log).toHaveLength(1000);
  expect([gate.waiting.size, time.timers]).toEqual([0, 0]);
});

it("gives a minute's worth at once, and then as much as passes of the minute", () => {
  const world = start({ team: 60 });
  exhaust(world, "team", 60);
  world.set("HTTPRoute", "team/a");
  world.set("HTTPRoute", "team/b");
  expect(world.sink.log).toEqual([]);
  world.time.pass(999);
  expect(world.sink.log).toEqual([]);
  world.time.pass(1);
  expect(world.sink.log).toEqual(["HTTPRoute team/a 1"]);
  world.time.pass(1000);
  expect(world.sink.log).toEqual(["HTTPRoute team/a 1", "HTTPRoute team/b 1"]);
  expect([world.batches(), world.time.timers]).toEqual([2, 0]);
});

it("keeps the newest version only, and nothing is lost", () => {
  const world = start({ team: 60 });
  exhaust(world, "team", 60);
  for (let edit = 1; edit <= 500; edit += 1) world.set("HTTPRoute", `team/${edit % 2 === 0 ? "even" : "odd"}`, edit);
  expect(world.gate.waiting).toEqual(new Map([["team", 2]]));
  world.time.pass(5000);
  expect(world.sink.log).toEqual(["HTTPRoute team/odd 499", "HTTPRoute team/even 500"]);
});

it("lets an object through that is edited all the time", () => {
  const world = start({ team: 60 });
  exhaust(world, "team", 60);
  for (let edit = 1; edit <= 1000; edit += 1) {
    world.set("HTTPRoute", `team/${edit % 3}`, edit);
    world.time.pass(10);
  }
  const names = world.sink.log.map((line) => line.split(" ")[1]);
  expect(Map.groupBy(names, (name) => name).size).toBe(3);
  expect(names).toHaveLength(10);
});

it("lets through what is referred to before what refers to it, and takes it away after", () => {
  const world = start({ team: 60 });
  exhaust(world, "team", 60);
  world.set("HTTPRoute", "team/new", 2);
  world.remove("Service", "team/old");
  world.remove("HTTPRoute", "team/old");
  world.set("Service", "team/new");
  world.time.pass(4000);
  expect(world.sink.log).toEqual([
    "Service team/new 1",
    "HTTPRoute team/new 2",
    "-HTTPRoute team/old",
    "-Service team/old",
  ]);
});

it("merges what goes and comes again into what there is at the end", () => {
  const world = start({ team: 60 });
  exhaust(world, "team", 60);
  world.set("HTTPRoute", "team/a", 2);
  world.remove("HTTPRoute", "team/a");
  world.set("HTTPRoute", "team/b", 2);
  world.remove("HTTPRoute", "team/b");
  world.set("HTTPRoute", "team/b", 3);
  world.time.pass(3000);
  expect(world.sink.log).toEqual(["HTTPRoute team/b 3", "-HTTPRoute team/a"]);
});

it("never holds endpoints, and never the end of a grant", () => {
  const world = start({ team: 1 });
  world.set("HTTPRoute", "team/a");
  world.set("ReferenceGrant", "team/grant", 2);
  world.set("EndpointSlice", "team/slice", 7);
  world.remove("EndpointSlice", "team/slice");
  world.remove("ReferenceGrant", "team/grant");
  expect(world.sink.log).toEqual([
    "HTTPRoute team/a 1",
    "EndpointSlice team/slice 7",
    "-EndpointSlice team/slice",
    "-ReferenceGrant team/grant",
  ]);
  expect(world.gate.waiting.size).toBe(0);
});

it("does not delay one namespace for another's edits", () => {
  const world = start({ loud: 60, quiet: 60 });
  for (let edit = 1; edit <= 3000; edit += 1) {
    world.set("HTTPRoute", "loud/a", edit);
    if (edit % 200 === 0) {
      world.set("HTTPRoute", "quiet/a", edit);
      // At the very moment: no time has passed since.
      expect(world.sink.log.at(-1)).toBe(`HTTPRoute quiet/a ${edit}`);
    }
    world.time.pass(10);
  }
  const loud = world.sink.log.filter((line) => line.startsWith("HTTPRoute loud/"));
  // A minute's worth, and one for each of the 30 seconds.
  expect(loud.length).toBeGreaterThanOrEqual(89);
  expect(loud.length).toBeLessThanOrEqual(91);
  expect(world.batches()).toBeLessThanOrEqual(31);
});

it("tells what begins to wait and what does no more, each once", () => {
  const world = start({ team: 60 });
  exhaust(world, "team", 60);
  world.set("HTTPRoute", "team/a", 1);
  world.set("HTTPRoute", "team/a", 2);
  world.remove("HTTPRoute", "team/a");
  world.time.pass(2000);
  expect(world.held).toEqual(["holds HTTPRoute/team/a", "holds the end of HTTPRoute/team/a", "lets HTTPRoute/team/a"]);
});

it("takes away at once what is left of a namespace that is gone", () => {
  const world = start({ team: 1 });
  exhaust(world, "team", 1);
  world.remove("Service", "team/a");
  world.remove("HTTPRoute", "team/a");
  world.remove("Namespace", "team");
  expect(world.sink.log).toEqual(["-Namespace team", "-HTTPRoute team/a", "-Service team/a"]);
  expect([world.gate.waiting.size, world.held.at(-1)]).toEqual([0, "lets Service/team/a"]);
});

it("lets go of what waits soon after the limit is gone", () => {
  const world = start({ team: 1 });
  exhaust(world, "team", 1);
  for (let route = 0; route < 300; route += 1) world.set("HTTPRoute", `team/${route}`);
  world.limitOf.delete("team");
  world.time.pass(1000);
  expect(world.sink.log).toHaveLength(200);
  world.time.pass(100);
  expect(world.sink.log).toHaveLength(300);
  world.set("HTTPRoute", "team/next");
  expect(world.sink.log).toHaveLength(301);
});

it("follows a limit that rises while something waits", () => {
  const world = start({ team: 1 });
  exhaust(world, "team", 1);
  for (let route = 0; route < 10; route += 1) world.set("HTTPRoute", `team/${route}`);
  world.limitOf.set("team", 600);
  world.time.pass(1000);
  expect(world.sink.log).toHaveLength(10);
});

it("holds for good once it is stopped", () => {
  const world = start({ team: 1 });
  exhaust(world, "team", 1);
  world.set("HTTPRoute", "team/a");
  world.gate.stop();
  world.time.pass(1_000_000);
  expect(world.sink.log).toEqual([]);
  expect(world.time.timers).toBe(0);
});

it("logs a namespace that makes too many changes once a minute", () => {
  const world = start({ team: 60 });
  for (let edit = 1; edit <= 18_000; edit += 1) {
    world.set("HTTPRoute", "team/a", edit);
    world.time.pass(10);
  }
  expect(world.told).toEqual(Array.from({ length: 3 }, () => '{"namespace":"team"}'));
});
