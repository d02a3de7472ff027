import { expect, it } from "vitest";
import { ManualScheduler } from "../../test/support/manual-scheduler.ts";
import { type Kind, type NamespacedName, namespacedName, type ObjectByKind, objectKey } from "../core/keys.ts";
import { type Quarantine, quarantineLimits, quarantineOf } from "../core/quarantine.ts";
import { crowdedOut } from "./crowded-out.ts";
import { QuarantineKeeper } from "./quarantine-keeper.ts";
import type { QuarantineChange } from "./quarantine-store.ts";

const web = objectKey("HTTPRoute", namespacedName("shop", "web"));

function refused(rule: number, { object = web, since = "2026-01-01T00:00:00Z" } = {}): Quarantine {
  const part = `${object.toLowerCase()}/rule/${rule}`;
  const gateway = namespacedName("infra", "shared");
  return quarantineOf({ gateway, object, generation: 1, part, hashes: ["0123456789abcdef"], words: "no", since });
}

function start() {
  const scheduler = new ManualScheduler();
  const counted = new Map<string, unknown>();
  const written: string[] = [];
  const warnings: string[] = [];
  const world = { problem: undefined as string | undefined, over: new Set<string>(), changes: 0 };
  const target = {
    set: <K extends Kind>(_kind: K, name: NamespacedName, object: ObjectByKind[K]) => void counted.set(name, object),
    delete: (_kind: Kind, name: NamespacedName) => void counted.delete(name),
  };
  const apply = async (change: QuarantineChange) => {
    const name = change.kind === "create" ? change.quarantine.metadata.name : change.name;
    written.push(`${change.kind} ${name}`);
    return world.problem;
  };
  const keeper = new QuarantineKeeper({
    store: { apply },
    scheduler,
    random: () => 0,
    log: { warn: (_fields, message) => void warnings.push(message) },
    isCurrent: ({ metadata }) => !world.over.has(metadata.name),
    changed: () => {
      world.changes += 1;
    },
  });
  const sink = keeper.sink(target);
  const settled = async () => {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };
  return { scheduler, counted, written, warnings, world, keeper, sink, settled };
}

const nameOf = ({ metadata }: Quarantine) => metadata.name as NamespacedName;

it("counts what is found before it is stored, and stores it once", async () => {
  const { keeper, counted, written, world, settled, sink } = start();
  const one = refused(0);
  keeper.add(one);
  expect([...counted.keys()]).toEqual([one.metadata.name]);
  expect(world.changes).toBe(1);
  keeper.add(one);
  await settled();
  sink.set("Quarantine", nameOf(one), one);
  keeper.add(one);
  await settled();
  expect(written).toEqual([`create ${one.metadata.name}`]);
  expect(world.changes).toBe(1);
});

it("names what is found by what it is, whoever finds it, whenever", () => {
  expect(refused(0, { since: "2026-02-01T00:00:00Z" }).metadata.name).toBe(refused(0).metadata.name);
  expect(refused(1).metadata.name).not.toBe(refused(0).metadata.name);
});

it("tries again what could not be stored, later each time, without keeping others from it, and says so once", async () => {
  const { keeper, counted, written, warnings, world, settled, scheduler } = start();
  world.problem = "away";
  keeper.add(refused(0));
  keeper.add(refused(1));
  await settled();
  expect(written).toHaveLength(1);
  for (const pause of [250, 500, 1_000]) {
    scheduler.pass(pause - 1);
    await settled();
    const before = written.length;
    scheduler.pass(1);
    await settled();
    expect(written.length).toBe(before + 1);
  }
  expect(new Set(written).size).toBe(2);
  expect(warnings).toEqual(["a Quarantine could not be stored: it counts here only"]);
  world.problem = undefined;
  scheduler.pass(60_000);
  await settled();
  expect(written.slice(-2).sort()).toEqual([refused(0), refused(1)].map((each) => `create ${nameOf(each)}`).sort());
  expect(counted.size).toBe(2);
  expect(scheduler.timers).toBe(0);
});

it("ends what is over: what is stored by the leader only, what is not by whoever made it", async () => {
  const { keeper, counted, written, world, settled, sink } = start();
  const [stored, own] = [refused(0), refused(1)];
  sink.set("Quarantine", nameOf(stored), stored);
  world.problem = "away";
  keeper.add(own);
  await settled();
  world.over = new Set([nameOf(stored), nameOf(own)]);
  keeper.look([web]);
  await settled();
  expect([...counted.keys()]).toEqual([nameOf(stored)]);
  expect(written).toEqual([`create ${nameOf(own)}`]);
  world.problem = undefined;
  keeper.lead(true);
  await settled();
  expect(keeper.all).toHaveLength(1);
});

it("deletes as the leader, at the start and when something changes", async () => {
  const { keeper, counted, written, world, settled, sink } = start();
  const [one, two] = [refused(0), refused(1)];
  for (const each of [one, two]) sink.set("Quarantine", nameOf(each), each);
  world.over.add(nameOf(one));
  keeper.lead(true);
  await settled();
  expect(written).toEqual([`delete ${nameOf(one)}`]);
  world.over.add(nameOf(two));
  keeper.look([objectKey("HTTPRoute", namespacedName("shop", "other"))]);
  await settled();
  expect(counted.size).toBe(1);
  keeper.look([objectKey("Quarantine", nameOf(two))]);
  await settled();
  expect(written).toEqual([`delete ${nameOf(one)}`, `delete ${nameOf(two)}`]);
  expect([counted.size, keeper.all.length]).toEqual([0, 0]);
});

it("lets go of what somebody else has deleted", async () => {
  const { keeper, counted, sink } = start();
  const one = refused(0);
  sink.set("Quarantine", nameOf(one), one);
  sink.delete("Quarantine", nameOf(one));
  expect([counted.size, keeper.all.length]).toEqual([0, 0]);
});

it("hands everything else on", () => {
  const { counted, sink } = start();
  sink.set("Namespace", "shop" as NamespacedName, { kind: "Namespace" } as never);
  expect([...counted.keys()]).toEqual(["shop"]);
});

it("keeps so many of an object and no more, as the leader", async () => {
  const { keeper, written, settled, sink } = start();
  const all = Array.from({ length: quarantineLimits.ofObject + 2 }, (_, rule) =>
    refused(rule, { since: `2026-01-01T00:00:${String(rule % 60).padStart(2, "0")}Z` }),
  );
  for (const each of all) sink.set("Quarantine", nameOf(each), each);
  await settled();
  expect(written).toEqual([]);
  keeper.lead(true);
  await settled();
  expect(written).toHaveLength(2);
  expect(keeper.all).toHaveLength(quarantineLimits.ofObject);
});

it("drops the oldest of the namespace that has most, so that nobody is crowded out by others", () => {
  const ofNamespace = (namespace: string, count: number, day: string) =>
    Array.from({ length: count }, (_, index) =>
      refused(0, {
        object: objectKey("HTTPRoute", namespacedName(namespace, `web-${index}`)),
        since: `${day}T00:00:0${index}Z`,
      }),
    );
  const quiet = ofNamespace("quiet", 2, "2026-01-01");
  const loud = ofNamespace("loud", 6, "2026-01-02");
  const out = crowdedOut([...loud, ...quiet], { ofObject: 10, all: 5 });
  expect(out).toEqual(loud.slice(0, 3).map(nameOf));
  expect(crowdedOut([...loud, ...quiet], { ofObject: 10, all: 8 })).toEqual([]);
});

it("looks at what is about Services also when something else that makes their clusters has changed", async () => {
  const { keeper, world, settled, sink } = start();
  const one = refused(0);
  const ofService = { ...one, spec: { ...one.spec, object: "Service/shop/cart" } };
  sink.set("Quarantine", nameOf(ofService), ofService);
  keeper.lead(true);
  world.over.add(nameOf(ofService));
  keeper.look([objectKey("HTTPRoute", namespacedName("shop", "other"))]);
  await settled();
  expect(keeper.all).toHaveLength(1);
  keeper.look([objectKey("BackendTLSPolicy", namespacedName("shop", "cart"))]);
  await settled();
  expect(keeper.all).toEqual([]);
});
