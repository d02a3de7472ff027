import { describe, expect, it } from "vitest";
import type { XdsResource } from "../core/xds-resource.ts";
import { cleanWords, FleetMemory } from "./fleet-memory.ts";

function table(version: string): XdsResource {
  return { type: "route", name: "r", version, bytes: Buffer.from(version) };
}

describe("the memory of a fleet", () => {
  it("N1: tells the refusals whose content is still current, and forgets those that are gone", () => {
    const memory = new FleetMemory(undefined);
    memory.refuse(table("1"), "bad 1");
    memory.refuse(table("2"), "bad 2");
    expect([...memory.standing(() => "2")]).toEqual([["route/r", "bad 2"]]);
    expect([...memory.standing(() => "3")]).toEqual([]);
    expect(memory.isRefused(table("1"))).toBe(true);
    expect([...memory.standing(() => undefined)]).toEqual([]);
    expect([memory.isRefused(table("1")), memory.isEmpty]).toEqual([false, true]);
  });

  it("R4: gives the substitute unless it was refused itself", () => {
    let made = 0;
    const memory = new FleetMemory(() => {
      made += 1;
      return table("stub");
    });
    const bad = table("1");
    expect([memory.substituteFor(bad)?.version, memory.substituteFor(bad)?.version, made]).toEqual(["stub", "stub", 1]);
    memory.refuse(table("stub"), "bad too");
    expect(memory.substituteFor(bad)).toBeUndefined();
  });

  it("R3: keeps the doubts of each proxy apart until they are settled", () => {
    const memory = new FleetMemory(undefined);
    memory.doubt("proxy-0", "route", ["a", "b"]);
    memory.doubt("proxy-1", "route", ["a"]);
    memory.settle("proxy-0", "route", ["a"]);
    expect([[...memory.doubts("proxy-0", "route")], [...memory.doubts("proxy-1", "route")]]).toEqual([["b"], ["a"]]);
    memory.settle("proxy-0", "route", ["b"]);
    memory.settle("proxy-1", "route", ["a"]);
    expect(memory.isEmpty).toBe(true);
  });

  it("remembers a bounded number of contents and proxies", () => {
    const memory = new FleetMemory(undefined);
    for (let index = 0; index < 2000; index += 1) {
      memory.refuse(table(String(index)), "bad");
      memory.doubt(`proxy-${index}`, "route", ["a"]);
    }
    expect([memory.isRefused(table("1")), memory.isRefused(table("1999"))]).toEqual([false, true]);
    expect([memory.doubts("proxy-1", "route").size, memory.doubts("proxy-1999", "route").size]).toEqual([0, 1]);
  });
});

it.each([
  { words: "plain", want: "plain" },
  { words: "a\r\nb\u0000c\u009bd\u2028", want: "a b c d" },
  { words: "x".repeat(2000), want: "x".repeat(1024) },
  { words: `x${"é".repeat(2000)}`, want: `x${"é".repeat(511)}` },
])("a proxy's words are cut and without control characters", ({ words, want }) => {
  expect(cleanWords(words)).toBe(want);
});
