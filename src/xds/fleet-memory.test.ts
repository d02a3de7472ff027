import { describe, expect, it } from "vitest";
import type { XdsResource } from "../core/xds-resource.ts";
import { cleanWords, FleetMemory } from "./fleet-memory.ts";

function table(version: string): XdsResource {
  return { type: "route", name: "r", version, bytes: Buffer.from(version) };
}

describe("the memory of a fleet", () => {
  it("N1: tells the refusals whose content is still current, and forgets those that are gone", () => {
    const memory = new FleetMemory();
    memory.refuse(table("1"), "bad 1");
    memory.refuse(table("2"), "bad 2");
    expect([...memory.standing(() => "2")]).toEqual([["route/r", "bad 2"]]);
    expect([...memory.standing(() => "3")]).toEqual([]);
    expect([memory.isRefused(table("1")), memory.wordsOf(table("1"))]).toEqual([true, "bad 1"]);
    expect([...memory.standing(() => undefined)]).toEqual([]);
    expect([memory.isRefused(table("1")), memory.size]).toEqual([false, 0]);
  });

  it("N6: knows what was taken last, unless somebody refuses it, and by reference alone", () => {
    const memory = new FleetMemory();
    const [first, second] = [table("1"), table("2")];
    memory.acknowledge(first);
    expect(memory.lastGood("route", "r")).toBe(first);
    memory.refuse(second, "bad");
    memory.acknowledge(second);
    expect(memory.lastGood("route", "r")).toBe(first);
    memory.refuse(first, "bad too");
    expect(memory.lastGood("route", "r")).toBeUndefined();
  });

  it("remembers refused parts by their content, whatever table they are in", () => {
    const memory = new FleetMemory();
    memory.refusePart(table("1"), { id: "a", hashes: ["x"], words: "bad" });
    memory.refusePart(table("2"), { id: "a", hashes: ["x"], words: "bad again" });
    memory.refusePart(table("2"), { id: "a", hashes: ["y"], words: "bad" });
    expect(memory.refusedParts(table("3")).map(({ hashes }) => hashes)).toEqual([["x"], ["y"]]);
    memory.forget("route", "r");
    expect(memory.refusedParts(table("3"))).toEqual([]);
  });

  it("tells everybody who listens what it learns, and each refusal of a resource once", () => {
    const memory = new FleetMemory();
    const heard: string[] = [];
    const stop = memory.onRefusal((type, name) => heard.push(`${type}/${name}`));
    memory.refuse(table("1"), "bad");
    stop();
    memory.refuse(table("2"), "bad");
    expect(heard).toEqual(["route/r"]);
    const one = table("1");
    expect([memory.isNews(one, "a"), memory.isNews(one, "a"), memory.isNews(one, "b")]).toEqual([true, false, true]);
    expect(memory.isNews(table("1"), "a")).toBe(true);
  });

  it("R3: keeps the doubts of each proxy apart, in groups, until they are settled", () => {
    const memory = new FleetMemory();
    memory.doubt("proxy-0", "route", [["a"], ["b", "c"]]);
    memory.doubt("proxy-1", "route", [["a"]]);
    memory.doubt("proxy-0", "route", [["b"]]);
    expect([memory.doubts("proxy-0", "route"), memory.doubts("proxy-1", "route")]).toEqual([[["b"]], [["a"]]]);
    memory.doubt("proxy-0", "route", []);
    memory.doubt("proxy-1", "route", []);
    expect(memory.size).toBe(0);
  });

  it("remembers a bounded number of contents, parts and proxies", () => {
    const memory = new FleetMemory();
    for (let index = 0; index < 2000; index += 1) {
      memory.acknowledge(table(`good-${index}`));
      memory.refuse(table(String(index)), "bad");
      memory.refusePart(table(String(index)), { id: `part-${index}`, hashes: ["x"], words: "bad" });
      memory.doubt(`proxy-${index}`, "route", [["a"]]);
    }
    expect([memory.isRefused(table("1")), memory.isRefused(table("1999"))]).toEqual([false, true]);
    expect(memory.refusedParts(table("1")).length).toBe(64);
    expect([memory.doubts("proxy-1", "route").length, memory.doubts("proxy-1999", "route").length]).toEqual([0, 1]);
    expect(memory.lastGood("route", "r")?.version).toBe("good-1999");
  });
});

it.each([
  { words: "plain", want: "plain" },
  { words: "a\r\nb\u0000c\u009bd\u2028", want: "a b c d" },
  { words: "x".repeat(2000), want: "x".repeat(1024) },
  { words: `x${"é".repeat(2000)}`, want: `x${"é".repeat(511)}` },
  {
    words: 'goo.gle/debugstr \nname: "secret"\ninline_string: "PRIVATE"\n: Proto constraint validation failed (why)',
    want: "Proto constraint validation failed (why)",
  },
])("a proxy's words are cut and without control characters or what they quote", ({ words, want }) => {
  expect(cleanWords(words)).toBe(want);
});
