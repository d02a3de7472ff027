import { expect, it } from "vitest";
import { LocalKeeper } from "../../src/claims/local-keeper.ts";
import type { ClaimStore } from "../../src/claims/state-file.ts";
import { readStateText, type StateLine, stateHeader } from "../../src/claims/state-lines.ts";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import { hostnameRecordKey, recordOf } from "../../src/core/ownership.ts";
import { ManualScheduler } from "../support/manual-scheduler.ts";
import { ClaimsTranslation } from "./claims-world.ts";

const hour = 3_600_000;

/** A state file in memory. */
class MemoryStore implements ClaimStore {
  readonly lines: StateLine[] = [];
  problem: string | undefined;

  get claims() {
    const read = readStateText([stateHeader, ...this.lines.map((line) => JSON.stringify(line))].join("\n"));
    if (read.kind === "wrong") throw new Error(read.message);
    return read.state.claims;
  }

  append(lines: readonly StateLine[]): string | undefined {
    if (lines.length === 0) return undefined;
    if (this.problem === undefined) this.lines.push(...lines);
    return this.problem;
  }
}

function start(store?: ClaimStore) {
  const translation = new ClaimsTranslation();
  const scheduler = new ManualScheduler();
  const keeper = new LocalKeeper({
    ...(store && { store }),
    now: () => new Date(Date.parse("2026-02-02T02:02:02Z") + scheduler.now()),
    scheduler,
    log: { error: () => {} },
    retentionMs: hour,
    changed: () => {},
  });
  const sink = keeper.sink(translation);
  const pass = (milliseconds: number) => {
    scheduler.pass(milliseconds);
    translation.flush(keeper);
  };
  return { translation, keeper, sink, pass, flush: () => translation.flush(keeper) };
}

function manifest(hostname: string, namespace: string) {
  const object = objectKey("HTTPRoute", namespacedName(namespace, "first"));
  const since = "2025-01-01T00:00:00Z";
  return recordOf({ key: hostnameRecordKey(hostname), hostname, namespace, since, object });
}

it("holds at once what is wanted first, and knows it after a restart", () => {
  const store = new MemoryStore();
  const first = start(store);
  first.translation.route("shop/web", "shop.example.com");
  first.flush();
  expect(first.translation.holder("shop.example.com")).toBe("shop");
  const second = start(store);
  second.translation.route("evil/web", "shop.example.com", "2020-01-01T00:00:00Z");
  second.flush();
  expect(second.translation.holder("shop.example.com")).toBe("shop");
  expect(store.lines.map(({ kind }) => kind)).toEqual(["held", "unused"]);
});

it("writes nothing where nothing changes", () => {
  const store = new MemoryStore();
  for (let run = 0; run < 3; run += 1) {
    const { translation, pass } = start(store);
    translation.route("shop/web", "shop.example.com");
    pass(0);
    pass(hour);
  }
  expect(store.lines).toHaveLength(1);
});

it.each([
  ["with a store", new MemoryStore()],
  ["in memory only", undefined],
])("ends a claim an hour after its last route, %s", (_name, store) => {
  const { translation, pass } = start(store);
  translation.route("shop/web", "shop.example.com");
  pass(0);
  translation.remove("shop/web");
  translation.route("evil/web", "shop.example.com");
  pass(0);
  pass(hour - 1);
  expect(translation.holder("shop.example.com")).toBe("shop");
  pass(1);
  expect(translation.holder("shop.example.com")).toBe("evil");
});

it("counts the hour over a restart", () => {
  const store = new MemoryStore();
  const first = start(store);
  first.translation.route("shop/web", "shop.example.com");
  first.flush();
  first.translation.remove("shop/web");
  first.flush();
  const second = start(store);
  second.flush();
  second.pass(hour);
  expect(second.translation.holder("shop.example.com")).toBeUndefined();
  expect(store.claims.size).toBe(0);
});

it("holds nothing that could not be stored, says so, and tries again", () => {
  const store = new MemoryStore();
  const { translation, pass } = start(store);
  store.problem = "ENOSPC: no space left on device";
  translation.route("shop/web", "shop.example.com");
  pass(0);
  expect(translation.holder("shop.example.com")).toBeUndefined();
  expect(translation.problem("shop.example.com")).toBe("the state file cannot be written");
  store.problem = undefined;
  pass(5_000);
  expect(translation.holder("shop.example.com")).toBe("shop");
  expect(translation.problem("shop.example.com")).toBeUndefined();
});

it("gives what a HostnameClaim grants to others to them", () => {
  const store = new MemoryStore();
  const { translation, flush } = start(store);
  translation.route("old/web", "shop.example.com");
  flush();
  translation.grant("shop.example.com", "new");
  translation.route("new/web", "shop.example.com");
  flush();
  expect(translation.holder("shop.example.com")).toBe("new");
  expect([...store.claims.values()].map(({ holding }) => holding.namespace)).toEqual(["new"]);
});

it("takes a record in a manifest before what came by itself, and goes on serving without it", () => {
  const store = new MemoryStore();
  const { translation, flush, sink } = start(store);
  translation.route("evil/web", "shop.example.com");
  flush();
  translation.route("shop/web", "shop.example.com");
  const name = namespacedName(undefined, "by-hand");
  sink.set("HostnameRecord", name, manifest("shop.example.com", "shop"));
  flush();
  expect(translation.holder("shop.example.com")).toBe("shop");
  sink.delete("HostnameRecord", name);
  expect(translation.holder("shop.example.com")).toBe("shop");
  flush();
  expect(translation.holder("shop.example.com")).toBe("shop");
  expect(store.claims.get(hostnameRecordKey("shop.example.com"))?.holding.since).toBe("2025-01-01T00:00:00Z");
});

it("writes nothing for what a manifest says", () => {
  const store = new MemoryStore();
  const { translation, flush, sink } = start(store);
  sink.set("HostnameRecord", namespacedName(undefined, "by-hand"), manifest("shop.example.com", "shop"));
  translation.route("shop/web", "shop.example.com");
  flush();
  expect(translation.holder("shop.example.com")).toBe("shop");
  expect(store.lines).toEqual([]);
});
