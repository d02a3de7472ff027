import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Collection, Grouped, Source } from "./collection.ts";
import { Graph } from "./graph.ts";

describe("sources", () => {
  it("are seen from the next flush on", () => {
    const graph = new Graph();
    const source = graph.source<number>("numbers");
    source.set("a", 1);
    expect([source.get("a"), graph.dirty]).toEqual([undefined, true]);
    const changes = graph.flush();
    expect([source.get("a"), graph.dirty]).toEqual([1, false]);
    expect([...changes.of(source)]).toEqual(["a"]);
  });

  it("change nothing by an equal value, nor by what was set and taken back", () => {
    const graph = new Graph();
    const source = graph.source<{ readonly n: number }>("numbers");
    source.set("a", { n: 1 });
    graph.flush();
    const before = source.get("a");
    source.set("a", { n: 1 });
    source.set("b", { n: 2 });
    source.delete("b");
    source.delete("never");
    expect([...graph.flush().of(source)]).toEqual([]);
    expect(source.get("a")).toBe(before);
  });

  it("what was handed out as changed stays as it was", () => {
    const graph = new Graph();
    const source = graph.source<number>("numbers");
    source.set("a", 1);
    const first = graph.flush();
    source.set("b", 2);
    graph.flush();
    expect([...first.of(source)]).toEqual(["a"]);
  });

  it("that are set while a flush is sliced wait for the next one, whenever they were declared", () => {
    const graph = new Graph();
    const early = graph.source<number>("early");
    for (let index = 0; index < 200; index++) early.set(`k${index}`, index);
    const copy = graph.derive<number, number>("copy", early, (_read, key, value) => [[key, value]]);
    const late = graph.source<number>("late");
    late.set("a", 1);
    const steps = graph.flushSteps();
    expect(steps.next().done).toBe(false);
    early.set("k0", -1);
    late.set("a", 2);
    while (steps.next().done !== true);
    expect([copy.get("k0"), late.get("a"), graph.dirty]).toEqual([0, 1, true]);
    graph.flush();
    expect([copy.get("k0"), late.get("a")]).toEqual([-1, 2]);
  });
});

describe("derived collections", () => {
  it("run once for each dirty key, however many reasons there are", () => {
    const graph = new Graph();
    const source = graph.source<number>("numbers");
    const factor = graph.source<number>("factor");
    const product = graph.derive<number, number>("product", source, (read, key, value) => [
      [key, value * (read.get(factor, "x") ?? 1) * (read.get(factor, "y") ?? 1)],
    ]);
    source.set("a", 2);
    source.set("b", 3);
    factor.set("x", 10);
    graph.flush();
    expect([product.get("a"), graph.runs.get("product")]).toEqual([20, 2]);
    source.set("a", 4);
    factor.set("x", 100);
    factor.set("y", 2);
    graph.flush();
    expect([product.get("a"), product.get("b"), graph.runs.get("product")]).toEqual([800, 600, 4]);
  });

  it("stop a change that changes nothing for them", () => {
    const graph = new Graph();
    const source = graph.source<number>("numbers");
    const parity = graph.derive<number, { readonly odd: boolean }>("parity", source, (_read, key, value) => [
      [key, { odd: value % 2 === 1 }],
    ]);
    const text = graph.derive<{ readonly odd: boolean }, string>("text", parity, (_read, key, { odd }) => [
      [key, String(odd)],
    ]);
    source.set("a", 1);
    graph.flush();
    const before = parity.get("a");
    source.set("a", 3);
    expect([...graph.flush().of(text)]).toEqual([]);
    expect(graph.runs.get("text")).toBe(1);
    expect(parity.get("a")).toBe(before);
  });

  it("may judge sameness by a rule of their own", () => {
    const graph = new Graph();
    const source = graph.source<number>("numbers");
    const rounded = graph.derive<number, number>(
      "rounded",
      source,
      (_read, key, value) => [[key, value]],
      (a, b) => Math.round(a) === Math.round(b),
    );
    source.set("a", 1.1);
    graph.flush();
    source.set("a", 1.2);
    expect([...graph.flush().of(rounded)]).toEqual([]);
    expect(rounded.get("a")).toBe(1.1);
  });

  it("run again when something appears that they had looked for in vain", () => {
    const graph = new Graph();
    const source = graph.source<string>("references");
    const targets = graph.source<string>("targets");
    const found = graph.derive<string, string>("found", source, (read, key, target) => [
      [key, read.get(targets, target) ?? "absent"],
    ]);
    source.set("a", "t");
    graph.flush();
    expect(found.get("a")).toBe("absent");
    targets.set("t", "here");
    targets.set("other", "never asked for");
    graph.flush();
    expect([found.get("a"), graph.runs.get("found")]).toEqual(["here", 2]);
    targets.delete("t");
    graph.flush();
    expect(found.get("a")).toBe("absent");
  });

  it("forget what they no longer read", () => {
    const graph = new Graph();
    const source = graph.source<string>("references");
    const targets = graph.source<string>("targets");
    graph.derive<string, string>("found", source, (read, key, target) => [[key, read.get(targets, target) ?? ""]]);
    source.set("a", "one");
    graph.flush();
    source.set("a", "two");
    graph.flush();
    targets.set("one", "changed");
    graph.flush();
    expect(graph.runs.get("found")).toBe(2);
    source.delete("a");
    graph.flush();
    targets.set("two", "changed");
    graph.flush();
    expect(graph.runs.get("found")).toBe(2);
  });

  it("give any number of outputs, and take back those that are no longer given", () => {
    const graph = new Graph();
    const source = graph.source<readonly string[]>("lists");
    const items = graph.derive<readonly string[], string>("items", source, (_read, key, list) =>
      list.map((item) => [item, key] as const),
    );
    source.set("a", ["x", "y"]);
    graph.flush();
    source.set("a", ["y", "z"]);
    expect([...graph.flush().of(items)].sort()).toEqual(["x", "z"]);
    expect([...items.entries()]).toEqual([
      ["y", "a"],
      ["z", "a"],
    ]);
    source.set("a", []);
    expect([...graph.flush().of(items)].sort()).toEqual(["y", "z"]);
    expect(items.size).toBe(0);
  });

  it("an output key may move from one input to another within one flush, in either order", () => {
    for (const [from, to] of [
      ["a", "b"],
      ["b", "a"],
    ] as const) {
      const graph = new Graph();
      const source = graph.source<readonly string[]>("lists");
      const items = graph.derive<readonly string[], string>("items", source, (_read, key, list) =>
        list.map((item) => [item, key] as const),
      );
      source.set(from, ["x"]);
      source.set(to, ["y"]);
      graph.flush();
      source.set(from, ["y"]);
      source.set(to, ["x"]);
      graph.flush();
      expect([items.get("x"), items.get("y"), graph.failures.size]).toEqual([to, from, 0]);
    }
  });

  it("an output key that two inputs give is a failure of the second, and the first keeps it", () => {
    const graph = new Graph();
    const source = graph.source<string>("texts");
    const upper = graph.derive<string, string>("upper", source, (_read, key, value) => [[value.toUpperCase(), key]]);
    source.set("a", "x");
    source.set("b", "X");
    graph.flush();
    expect(upper.get("X")).toBe("a");
    expect([...graph.failures.values()].map(({ key }) => key)).toEqual(["b"]);
  });
});

describe("a transform that throws", () => {
  function failing() {
    const graph = new Graph();
    const source = graph.source<string>("texts");
    const switches = graph.source<string>("switches");
    const results = graph.derive<string, string>("results", source, (read, key, value) => {
      if (read.get(switches, value) === "broken") throw new Error(`cannot ${value}`);
      return [[key, value]];
    });
    return { graph, source, switches, results };
  }

  it("keeps its last good outputs, is told, and does not stop the others", () => {
    const { graph, source, switches, results } = failing();
    source.set("a", "good");
    graph.flush();
    switches.set("bad", "broken");
    source.set("a", "bad");
    source.set("b", "fine");
    graph.flush();
    expect([results.get("a"), results.get("b")]).toEqual(["good", "fine"]);
    expect([...graph.failures.entries()].map(([key, { error }]) => [key, error.message])).toEqual([
      ["results|a", "cannot bad"],
    ]);
  });

  it("runs again when what it read before it failed changes", () => {
    const { graph, source, switches, results } = failing();
    switches.set("bad", "broken");
    source.set("a", "bad");
    graph.flush();
    expect(results.get("a")).toBeUndefined();
    switches.delete("bad");
    graph.flush();
    expect([results.get("a"), graph.failures.size]).toEqual(["bad", 0]);
  });

  it("is forgotten with its input, and so are its outputs", () => {
    const { graph, source, switches, results } = failing();
    source.set("a", "good");
    graph.flush();
    switches.set("bad", "broken");
    source.set("a", "bad");
    graph.flush();
    source.delete("a");
    graph.flush();
    expect([results.size, graph.failures.size]).toEqual([0, 0]);
  });
});

describe("groups", () => {
  it("hold members of several collections, also where their keys are equal", () => {
    const graph = new Graph();
    const one = graph.source<string>("one");
    const two = graph.source<string>("two");
    const groups = graph.groupBy("groups", [one, two], (value) => [value]);
    one.set("a", "x");
    two.set("a", "x");
    graph.flush();
    expect([...(groups.get("x")?.values() ?? [])]).toEqual(["x", "x"]);
    one.delete("a");
    graph.flush();
    expect(groups.get("x")?.size).toBe(1);
    two.set("a", "y");
    expect([...graph.flush().of(groups)].sort()).toEqual(["x", "y"]);
    expect([groups.get("x"), groups.size]).toEqual([undefined, 1]);
  });

  it("hold a member once in a group that it names twice", () => {
    const graph = new Graph();
    const source = graph.source<readonly string[]>("lists");
    const groups = graph.groupBy("groups", [source], (list) => list);
    source.set("a", ["x", "x", "y"]);
    graph.flush();
    expect([groups.get("x")?.size, groups.get("y")?.size]).toEqual([1, 1]);
  });

  it("run their readers when a member's value changes", () => {
    const graph = new Graph();
    const numbers = graph.source<{ readonly group: string; readonly n: number }>("numbers");
    const names = graph.source<string>("names");
    const groups = graph.groupBy("groups", [numbers], ({ group }) => [group]);
    const sums = graph.derive<string, number>("sums", names, (read, key, group) => [
      [key, [...(read.get(groups, group)?.values() ?? [])].reduce((sum, { n }) => sum + n, 0)],
    ]);
    names.set("total", "g");
    graph.flush();
    numbers.set("a", { group: "g", n: 1 });
    numbers.set("b", { group: "h", n: 100 });
    graph.flush();
    numbers.set("a", { group: "g", n: 2 });
    graph.flush();
    numbers.set("b", { group: "h", n: 200 });
    graph.flush();
    expect([sums.get("total"), graph.runs.get("sums")]).toEqual([2, 3]);
  });

  it("keep a member where it was when its groups cannot be told", () => {
    const graph = new Graph();
    const source = graph.source<string>("texts");
    const groups = graph.groupBy("groups", [source], (value) => {
      if (value === "bad") throw new Error("no groups");
      return [value];
    });
    source.set("a", "x");
    graph.flush();
    source.set("a", "bad");
    source.set("b", "y");
    graph.flush();
    expect([groups.get("x")?.get("a"), groups.get("y")?.get("b")]).toEqual(["x", "y"]);
    expect([...graph.failures.keys()]).toEqual(["groups|a"]);
    source.delete("a");
    graph.flush();
    expect([groups.get("x"), graph.failures.size]).toEqual([undefined, 0]);
  });
});

describe("origins", () => {
  it("names every source object that a value was made from, through groups and reads", () => {
    const graph = new Graph();
    const routes = graph.source<string>("routes");
    const services = graph.source<string>("services");
    const others = graph.source<string>("others");
    const bound = graph.derive<string, string>("bound", routes, (read, key, service) => [
      [key, `${service}:${read.get(services, service)}`],
    ]);
    const byService = graph.groupBy("byService", [bound, others], (value) => [value.split(":")[0] ?? ""]);
    const merged = graph.derive("merged", byService, (_read, key, members) => [[key, members.size]]);
    routes.set("r1", "s");
    routes.set("r2", "s");
    routes.set("r3", "t");
    services.set("s", "here");
    others.set("o|1", "s:");
    graph.flush();
    expect(graph.origins(merged, "s")).toEqual([
      { source: "others", key: "o|1" },
      { source: "routes", key: "r1" },
      { source: "routes", key: "r2" },
      { source: "services", key: "s" },
    ]);
    expect(graph.origins(merged, "t")).toEqual([{ source: "routes", key: "r3" }]);
    expect(graph.origins(merged, "absent")).toEqual([]);
  });
});

describe("mistakes of ours", () => {
  it("two collections of one name", () => {
    const graph = new Graph();
    graph.source("a");
    expect(() => graph.source("a")).toThrow("bug: two collections are named a");
  });

  it("a flush within a flush", () => {
    const graph = new Graph();
    const source = graph.source<number>("numbers");
    for (let index = 0; index < 200; index++) source.set(`k${index}`, index);
    graph.derive<number, number>("copy", source, (_read, key, value) => [[key, value]]);
    graph.flushSteps().next();
    expect(() => graph.flush()).toThrow("bug: a flush runs already");
  });

  it("a transform that reads a collection that is declared after it", () => {
    const graph = new Graph();
    const source = graph.source<number>("numbers");
    const later: { collection?: Collection<number> } = {};
    graph.derive<number, number>("early", source, (read, key) => {
      const value = later.collection === undefined ? 0 : (read.get(later.collection, key) ?? 0);
      return [[key, value]];
    });
    later.collection = graph.derive<number, number>("later", source, (_read, key, value) => [[key, value]]);
    source.set("a", 1);
    graph.flush();
    expect(graph.failures.get("early|a")?.error.message).toBe("bug: early reads later, which is declared later");
  });
});

it("tells the size of every collection", () => {
  const graph = new Graph();
  const source = graph.source<number>("numbers");
  graph.groupBy("parity", [source], (value) => [String(value % 2)]);
  source.set("a", 1);
  source.set("b", 3);
  graph.flush();
  expect(graph.sizes).toEqual([
    { name: "numbers", size: 2 },
    { name: "parity", size: 1 },
  ]);
});

/** A small translation with every kind of edge: fan-out, reads of absent keys, groups over two collections. */
interface Model {
  readonly graph: Graph;
  readonly people: Source<Person>;
  readonly teams: Source<number>;
  readonly all: readonly Collection<unknown>[];
}

interface Person {
  readonly teams: readonly string[];
  readonly score: number;
}

function createModel(): Model {
  const graph = new Graph();
  const people = graph.source<Person>("people");
  const teams = graph.source<number>("teams");
  const memberships = graph.derive<Person, { readonly team: string; readonly points: number }>(
    "memberships",
    people,
    (read, key, { teams: names, score }) => {
      return [...new Set(names)].map(
        (team) => [`${key}@${team}`, { team, points: score * (read.get(teams, team) ?? 0) }] as const,
      );
    },
  );
  const leaders = graph.derive<number, { readonly team: string; readonly points: number }>(
    "leaders",
    teams,
    (read, team, bonus) => {
      const member = read.get(memberships, `p1@${team}`);
      return member === undefined ? [] : [[team, { team, points: member.points + bonus }]];
    },
  );
  const byTeam: Grouped<{ readonly team: string; readonly points: number }> = graph.groupBy(
    "byTeam",
    [memberships, leaders],
    ({ team }) => [team],
  );
  const totals = graph.derive("totals", byTeam, (_read, team, members) => [
    [team, [...members.values()].reduce((sum, { points }) => sum + points, 0)],
  ]);
  const ranked = graph.derive<number, string>("ranked", teams, (read, team) => [
    [team, (read.get(totals, team) ?? 0) > 10 ? "high" : "low"],
  ]);
  return { graph, people, teams, all: [memberships, leaders, byTeam, totals, ranked] };
}

function snapshot({ all }: Model): unknown {
  const sorted = (entries: Iterable<readonly [string, unknown]>) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return all.map((collection) => [
    collection.name,
    sorted(collection.entries()).map(([key, value]) => [key, value instanceof Map ? sorted(value) : value]),
  ]);
}

type Edit =
  | { readonly kind: "person"; readonly key: string; readonly value: Person | undefined }
  | { readonly kind: "team"; readonly key: string; readonly value: number | undefined };

const teamName = fc.constantFrom("red", "blue", "green", "__proto__");
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    kind: fc.constant("person" as const),
    key: fc.constantFrom("p1", "p2", "p3", "p4"),
    value: fc.option(
      fc.record({ teams: fc.array(teamName, { maxLength: 3 }), score: fc.integer({ min: 0, max: 12 }) }),
      { nil: undefined },
    ),
  }),
  fc.record({
    kind: fc.constant("team" as const),
    key: teamName,
    value: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  }),
);

function apply({ people, teams }: Model, change: Edit): void {
  const [source, value] = change.kind === "person" ? [people, change.value] : [teams, change.value];
  if (value === undefined) source.delete(change.key);
  else (source as Source<unknown>).set(change.key, value); // the kind of the edit decides both
}

describe("after any series of edits", () => {
  it("the incremental result is the one from scratch, and nothing changed but what is told", () => {
    fc.assert(
      fc.property(fc.array(fc.array(edit, { maxLength: 4 }), { maxLength: 15 }), (batches) => {
        const model = createModel();
        const objects = new Map<string, Edit>();
        for (const batch of batches) {
          for (const change of batch) {
            apply(model, change);
            objects.set(`${change.kind} ${change.key}`, change);
          }
          const before = new Map(
            model.all.map((one) => [
              one,
              new Map([...one.entries()].map(([key, value]) => [key, structuredClone(value)])),
            ]),
          );
          const changes = model.graph.flush();
          for (const [collection, old] of before) {
            for (const key of new Set([...old.keys(), ...[...collection.entries()].map(([name]) => name)])) {
              if (!changes.of(collection).has(key)) expect(collection.get(key)).toEqual(old.get(key));
            }
          }
          const fresh = createModel();
          for (const change of objects.values()) apply(fresh, change);
          fresh.graph.flush();
          expect(snapshot(model)).toEqual(snapshot(fresh));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("each transform ran at most once for each of its keys in a flush", () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 20 }), fc.array(edit, { maxLength: 20 }), (first, second) => {
        const model = createModel();
        for (const change of first) apply(model, change);
        model.graph.flush();
        const before = new Map(model.graph.runs);
        for (const change of second) apply(model, change);
        model.graph.flush();
        const ran = (name: string) => (model.graph.runs.get(name) ?? 0) - (before.get(name) ?? 0);
        expect(ran("memberships")).toBeLessThanOrEqual(model.people.size);
        expect(ran("leaders")).toBeLessThanOrEqual(model.teams.size);
        expect(ran("ranked")).toBeLessThanOrEqual(model.teams.size);
      }),
    );
  });

  it("a change of one key runs no transform of another one", () => {
    const model = createModel();
    for (const key of ["p1", "p2", "p3"]) model.people.set(key, { teams: ["red"], score: 1 });
    model.people.set("p4", { teams: ["blue"], score: 1 });
    model.teams.set("red", 1);
    model.teams.set("blue", 1);
    model.graph.flush();
    const before = new Map(model.graph.runs);
    model.people.set("p4", { teams: ["blue"], score: 2 });
    model.graph.flush();
    const ran = [...model.graph.runs].map(([name, runs]) => [name, runs - (before.get(name) ?? 0)]);
    expect(ran).toEqual([
      ["memberships", 1],
      ["leaders", 0],
      ["totals", 1],
      ["ranked", 1],
    ]);
  });
});
