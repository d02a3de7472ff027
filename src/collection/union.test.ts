import { describe, expect, it } from "vitest";
import { Graph } from "./graph.ts";

describe("a union", () => {
  it("has what each of its collections has, and changes with it", () => {
    const graph = new Graph();
    const one = graph.source<number>("one");
    const other = graph.source<number>("other");
    const both = graph.union("both", [one, other]);
    one.set("a", 1);
    other.set("b", 2);
    graph.flush();
    expect([...both.entries()]).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    other.set("b", 3);
    const changes = graph.flush();
    expect([both.get("b"), [...changes.of(both)]]).toEqual([3, ["b"]]);
    one.delete("a");
    expect([...graph.flush().of(both)]).toEqual(["a"]);
    expect(both.size).toBe(1);
  });

  it("keeps a key that moves from one of its collections to another within a flush, either way", () => {
    const graph = new Graph();
    const one = graph.source<number>("one");
    const other = graph.source<number>("other");
    const both = graph.union("both", [one, other]);
    one.set("a", 1);
    graph.flush();
    one.delete("a");
    other.set("a", 2);
    graph.flush();
    expect(both.get("a")).toBe(2);
    other.delete("a");
    one.set("a", 3);
    graph.flush();
    expect(both.get("a")).toBe(3);
  });

  it("runs what follows from it, and leads back to the sources", () => {
    const graph = new Graph();
    const one = graph.source<number>("one");
    const other = graph.source<number>("other");
    const doubled = graph.derive<number, number>("doubled", graph.union("both", [one, other]), (_read, key, n) => [
      [key, n * 2],
    ]);
    other.set("b", 2);
    graph.flush();
    expect(doubled.get("b")).toBe(4);
    expect(graph.origins(doubled, "b")).toEqual([{ source: "other", key: "b" }]);
    expect(graph.runs.get("doubled")).toBe(1);
  });
});
