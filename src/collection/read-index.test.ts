import { describe, expect, it } from "vitest";
import { Graph } from "./graph.ts";

/** Routes that name a service, each with what is known of that. */
function world() {
  const graph = new Graph();
  const routes = graph.source<string>("routes");
  const services = graph.source<string>("services");
  const bound = graph.derive<string, string>("bound", routes, (read, key, service) => [
    [key, `${service}: ${read.get(services, service) ?? "absent"}`],
  ]);
  const values = () => [...bound.entries()].map(([key, value]) => `${key} ${value}`);
  return { graph, routes, services, bound, values };
}

describe("what has been read", () => {
  it("runs every input that has read a key, be it one, two or more", () => {
    const { graph, routes, services, values } = world();
    routes.set("a", "x");
    graph.flush();
    services.set("x", "1");
    graph.flush();
    expect(values()).toEqual(["a x: 1"]);
    routes.set("b", "x");
    graph.flush();
    services.set("x", "2");
    graph.flush();
    expect(values()).toEqual(["a x: 2", "b x: 2"]);
    routes.set("c", "x");
    graph.flush();
    services.set("x", "3");
    graph.flush();
    expect(values()).toEqual(["a x: 3", "b x: 3", "c x: 3"]);
  });

  it("runs those that still read a key when others have come and gone", () => {
    const { graph, routes, services, values } = world();
    for (const key of ["a", "b", "c"]) routes.set(key, "x");
    graph.flush();
    routes.set("a", "y");
    routes.delete("b");
    graph.flush();
    const ran = graph.runs.get("bound");
    services.set("x", "1");
    graph.flush();
    expect(values()).toEqual(["a y: absent", "c x: 1"]);
    expect(graph.runs.get("bound")).toBe((ran ?? 0) + 1);
    routes.delete("c");
    routes.set("d", "x");
    services.set("x", "2");
    graph.flush();
    expect(values()).toEqual(["a y: absent", "d x: 2"]);
  });

  it("is told of each input, also where thousands have read one key", () => {
    const { graph, routes, services, bound } = world();
    services.set("x", "1");
    for (let index = 0; index < 3_000; index++) routes.set(`r${index}`, "x");
    graph.flush();
    expect(graph.origins(bound, "r7")).toEqual([
      { source: "routes", key: "r7" },
      { source: "services", key: "x" },
    ]);
  });
});

describe("an output under the key of an input", () => {
  /** Each input gives one output, named by its value. */
  function named() {
    const graph = new Graph();
    const source = graph.source<string>("source");
    const names = graph.derive<string, string>("names", source, (_read, key, name) =>
      name === "" ? [] : [[name, key]],
    );
    return { graph, source, names };
  }

  it("is the one input's that gives it, whichever has that key", () => {
    const { graph, source, names } = named();
    source.set("a", "b");
    source.set("b", "");
    graph.flush();
    expect([...names.entries()]).toEqual([["b", "a"]]);
    source.delete("b");
    graph.flush();
    expect([...names.entries()]).toEqual([["b", "a"]]);
    expect(graph.origins(names, "b")).toEqual([{ source: "source", key: "a" }]);
    source.delete("a");
    graph.flush();
    expect([...names.entries()]).toEqual([]);
  });

  it.each([
    ["the one that takes it comes first", ["a", "b"]],
    ["the one that leaves it comes first", ["b", "a"]],
  ])("moves to another input and back in one flush each: %s", (_name, order) => {
    const { graph, source, names } = named();
    const set = (values: Readonly<Record<string, string>>) => {
      for (const key of order) source.set(key, values[key] ?? "");
      graph.flush();
    };
    set({ a: "a", b: "b" });
    set({ a: "b", b: "a" });
    expect([...names.entries()].sort()).toEqual([
      ["a", "b"],
      ["b", "a"],
    ]);
    set({ a: "b", b: "" });
    expect([...names.entries()]).toEqual([["b", "a"]]);
    set({ a: "a", b: "b" });
    expect([...names.entries()].sort()).toEqual([
      ["a", "a"],
      ["b", "b"],
    ]);
    expect(graph.failures.size).toBe(0);
    set({ a: "", b: "b" });
    expect([...names.entries()]).toEqual([["b", "b"]]);
  });

  it("is refused to a second input, and goes with the first", () => {
    const { graph, source, names } = named();
    source.set("b", "b");
    graph.flush();
    source.set("a", "b");
    graph.flush();
    expect([[...names.entries()], [...graph.failures.keys()]]).toEqual([[["b", "b"]], ["names|a"]]);
    source.delete("a");
    graph.flush();
    expect([...names.entries()]).toEqual([["b", "b"]]);
  });
});
