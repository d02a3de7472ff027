import { describe, expect, it } from "vitest";
import { type Condition, conditionFalse, conditionTrue } from "../core/conditions.ts";
import { namespacedName, objectKey } from "../core/keys.ts";
import type { StoredObject } from "../core/stored-object.ts";
import {
  acknowledgementGrace,
  type HoldMemory,
  holdProgrammed,
  noProxiesGrace,
  type ProgrammedUpdate,
} from "./programmed-hold.ts";

const address = { type: "IPAddress", value: "10.0.0.1" };
const pending = (generation: number) =>
  conditionFalse("Programmed", generation, { reason: "Pending", message: "wait" });
const invalid = (generation: number) => conditionFalse("Programmed", generation, { reason: "Invalid", message: "bad" });

function update(
  programming: ProgrammedUpdate["programming"],
  programmed: Condition,
  { listener = programmed, addresses = [] as readonly (typeof address)[] } = {},
): ProgrammedUpdate {
  return {
    kind: "Gateway",
    object: objectKey("Gateway", namespacedName("infra", "shared")),
    programming,
    addresses,
    conditions: [conditionTrue("Accepted", programmed.observedGeneration), programmed],
    listeners: [{ name: "http", supportedKinds: [], attachedRoutes: 3, conditions: [listener] }],
    attachedListenerSets: 0,
  };
}

function stored(programmed: Condition, { generation = 1, listener = programmed } = {}): StoredObject {
  const lastTransitionTime = "2026-01-01T00:00:00Z";
  return {
    uid: "u",
    resourceVersion: "1",
    generation,
    status: {
      addresses: [address],
      conditions: [{ ...programmed, lastTransitionTime }],
      listeners: [{ name: "http", attachedRoutes: 1, conditions: [{ ...listener, lastTransitionTime }] }],
    },
  };
}

/** What is written of Programmed: of the object, and of its listener. */
function look(given: ProgrammedUpdate, current: StoredObject, { memory = {} as HoldMemory, now = 0 } = {}) {
  const decision = holdProgrammed(given, { stored: current, memory, now });
  if (decision.kind === "wait") return { ...decision, written: undefined };
  const { update } = decision;
  const statuses = [update.conditions, update.listeners[0]?.conditions ?? []].map(
    (conditions) => conditions.find(({ type }) => type === "Programmed")?.status,
  );
  const addresses = update.kind === "Gateway" ? update.addresses : [];
  return { ...decision, written: statuses.join(), addresses };
}

describe("the same generation", () => {
  const programmed = stored(conditionTrue("Programmed", 1));

  it("is written as it is when it is settled", () => {
    const result = look(update("settled", invalid(1)), programmed);
    expect(result).toMatchObject({ kind: "write", written: "False,False", addresses: [] });
    expect(result.until).toBeUndefined();
  });

  it("stays programmed, with its addresses, for as long as proxies are on their way", () => {
    const first = look(update("waiting", pending(1)), programmed);
    expect(first).toMatchObject({ kind: "write", written: "True,True", addresses: [address] });
    expect(first.until).toBeUndefined();
    const later = look(update("waiting", pending(1)), programmed, { memory: first.memory, now: 3_600_000 });
    expect(later.written).toBe("True,True");
  });

  it("still tells everything else", () => {
    const result = look(update("waiting", pending(1)), programmed);
    expect(result.kind === "write" && result.update.listeners[0]?.attachedRoutes).toBe(3);
  });

  it("stays programmed for 30 s without any proxy, and no longer", () => {
    const none = update("noProxies", pending(1));
    const first = look(none, programmed, { now: 5_000 });
    expect(first).toMatchObject({ written: "True,True", addresses: [address], until: 5_000 + noProxiesGrace });
    const { memory } = first;
    expect(look(none, programmed, { memory, now: 4_999 + noProxiesGrace }).written).toBe("True,True");
    expect(look(none, programmed, { memory, now: 5_000 + noProxiesGrace })).toMatchObject({
      written: "False,False",
      addresses: [],
    });
  });

  it("begins its 30 s anew when there was a proxy in between", () => {
    const none = update("noProxies", pending(1));
    const first = look(none, programmed, { now: 0 });
    const between = look(update("waiting", pending(1)), programmed, { memory: first.memory, now: 20_000 });
    const second = look(none, programmed, { memory: between.memory, now: 29_000 });
    expect(second).toMatchObject({ written: "True,True", until: 29_000 + noProxiesGrace });
  });

  it("takes back a listener at once that has something wrong, beside one that waits", () => {
    const result = look(update("waiting", pending(1), { listener: invalid(1) }), programmed);
    expect(result.written).toBe("True,False");
  });

  it("keeps a listener for 30 s whose proxies are silent, when something else settles the object", () => {
    const given = update("settled", invalid(1), { listener: pending(1) });
    const first = look(given, programmed);
    expect(first).toMatchObject({ written: "False,True", until: noProxiesGrace });
    const { memory } = first;
    expect(look(given, programmed, { memory, now: noProxiesGrace }).written).toBe("False,False");
  });

  it("keeps no listener whose conditions are of an older generation", () => {
    const mixed = stored(conditionTrue("Programmed", 2), { generation: 2, listener: conditionTrue("Programmed", 1) });
    expect(look(update("waiting", pending(2)), mixed).written).toBe("True,False");
  });

  it("makes nothing programmed that was not", () => {
    const result = look(update("waiting", pending(1)), stored(invalid(1)));
    expect(result.written).toBe("False,False");
  });

  it("keeps the address that is known, and takes another one at once", () => {
    const other = { type: "IPAddress", value: "10.0.0.2" };
    const result = look(update("waiting", pending(1), { addresses: [other] }), programmed);
    expect(result.kind === "write" && result.addresses).toEqual([other]);
  });
});

describe("a new generation", () => {
  const before = stored(conditionTrue("Programmed", 1), { generation: 2 });

  it("is written at once when it is settled", () => {
    expect(look(update("settled", conditionTrue("Programmed", 2)), before)).toMatchObject({ written: "True,True" });
    expect(look(update("settled", invalid(2)), before)).toMatchObject({ written: "False,False" });
  });

  it.each(["waiting", "noProxies"] as const)("waits one second for its acknowledgement while it is %s", (stage) => {
    const given = update(stage, pending(2));
    const first = look(given, before, { now: 100 });
    expect(first).toMatchObject({ kind: "wait", until: 100 + acknowledgementGrace });
    const { memory } = first;
    expect(look(given, before, { memory, now: 99 + acknowledgementGrace }).kind).toBe("wait");
    const late = look(given, before, { memory, now: 100 + acknowledgementGrace });
    expect(late).toMatchObject({ kind: "write", written: "False,False", addresses: [address] });
  });

  it("waits again for the generation after it", () => {
    const { memory } = look(update("waiting", pending(2)), before, { now: 0 });
    const newer = stored(conditionTrue("Programmed", 1), { generation: 3 });
    expect(look(update("waiting", pending(3)), newer, { memory, now: 900 })).toMatchObject({
      kind: "wait",
      until: 1_900,
    });
  });

  it("counts what the API put there as a default as not written", () => {
    const fresh: StoredObject = { uid: "u", resourceVersion: "1", generation: 1, status: {} };
    expect(look(update("waiting", pending(1)), fresh).kind).toBe("wait");
  });
});
