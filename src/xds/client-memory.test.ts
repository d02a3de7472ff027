import { describe, expect, it } from "vitest";
import { ClientMemory } from "./client-memory.ts";
import { FleetMemory } from "./fleet-memory.ts";
import { TypeState } from "./type-state.ts";

describe("what is remembered of a proxy from stream to stream", () => {
  it("R3: a type that the proxy has not asked for yet does not make what is in doubt of it forgotten", () => {
    const memory = new FleetMemory();
    const client = new ClientMemory(memory, "node");
    memory.doubt("node", "scope", [["a"], ["b"]]);
    const state = new TypeState("scope", "delta", {
      desired: () => ({ kind: "absent" }),
      form: () => undefined,
      entries: () => new Map(),
      version: () => "",
      generation: () => 0,
    });
    client.noteDoubts(state);
    client.noteLost(state);
    expect(memory.doubts("node", "scope")).toEqual([["a"], ["b"]]);
    client.recall(state);
    expect(state.doubts()).toEqual([["a"], ["b"]]);
  });
});
