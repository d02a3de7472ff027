import { describe, expect, it } from "vitest";
import { Subscription } from "./subscription.ts";

describe("a delta subscription", () => {
  it("tells what to answer, what was dropped and what became of the wildcard", () => {
    const clusters = new Subscription("cluster");
    expect(clusters.asked).toBe(false);
    expect(clusters.changeDelta([], [])).toEqual({ answer: [], dropped: [], wildcard: "began" });
    expect(clusters.changeDelta(["a", "b"], [])).toEqual({ answer: ["a", "b"], dropped: [], wildcard: "unchanged" });
    expect(clusters.changeDelta([], ["a", "never"])).toEqual({ answer: ["a"], dropped: [], wildcard: "unchanged" });
    expect(clusters.changeDelta([], ["*"])).toEqual({ answer: [], dropped: [], wildcard: "ended" });
    expect([clusters.includes("a"), clusters.includes("b")]).toEqual([false, true]);
    expect(clusters.changeDelta([], ["b"])).toEqual({ answer: [], dropped: ["b"], wildcard: "unchanged" });
    expect(clusters.changeDelta([], [])).toEqual({ answer: [], dropped: [], wildcard: "unchanged" });
    expect(clusters.wildcard).toBe(false);
  });

  it("that subscribes and unsubscribes a name in one request is without it", () => {
    const tables = new Subscription("route");
    expect(tables.changeDelta(["a", "b"], ["a"])).toEqual({ answer: ["b"], dropped: ["a"], wildcard: "unchanged" });
    expect([...tables.names]).toEqual(["b"]);
  });
});

describe("a state-of-the-world subscription", () => {
  it.each([
    { type: "cluster", lists: [[]], wildcard: true, names: [] },
    { type: "endpoint", lists: [[]], wildcard: false, names: [] },
    { type: "cluster", lists: [[], []], wildcard: true, names: [] },
    { type: "cluster", lists: [[], ["*", "a"], ["a"]], wildcard: false, names: ["a"] },
    { type: "cluster", lists: [[], ["*", "a"], ["a"], []], wildcard: false, names: [] },
    { type: "cluster", lists: [["*"], []], wildcard: false, names: [] },
    { type: "scope", lists: [["a"], []], wildcard: false, names: [] },
    {
      type: "endpoint",
      lists: [
        ["a", "b"],
        ["b", "c"],
      ],
      wildcard: false,
      names: ["b", "c"],
    },
  ] as const)("of $type that lists $lists", ({ type, lists, wildcard, names }) => {
    const subscription = new Subscription(type);
    for (const list of lists) subscription.changeSotw(list);
    expect([subscription.wildcard, [...subscription.names]]).toEqual([wildcard, names]);
  });

  it("takes from a stale list only what is missing in it", () => {
    const endpoints = new Subscription("endpoint");
    endpoints.changeSotw(["a", "b"]);
    expect(endpoints.withoutNew(["b", "c"])).toEqual(["b"]);
    const clusters = new Subscription("cluster");
    clusters.changeSotw([]);
    expect(clusters.withoutNew([])).toBeUndefined();
  });
});
