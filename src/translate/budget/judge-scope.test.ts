import { expect, it } from "vitest";
import { Graph } from "../../collection/graph.ts";
import { namespacedName, objectKey } from "../../core/keys.ts";
import type { BudgetLimits } from "../../core/ownership.ts";
import { judgeScope } from "./judge-scope.ts";
import type { LimitName, ScopeLimits } from "./limits.ts";
import type { ObjectWeight } from "./weight.ts";

/** A route of the namespace `shop`; `age` is the second in which it was made. */
function weight(name: string, age: number, more: Partial<ObjectWeight> = {}): ObjectWeight {
  const key = namespacedName("shop", name);
  const createdAt = `2026-01-01T00:00:${String(age).padStart(2, "0")}Z`;
  const counts = { routes: 1, rules: 1 };
  return {
    object: objectKey("HTTPRoute", key),
    namespace: "shop",
    name: key,
    createdAt,
    counts,
    hostnames: [],
    gateways: [],
    ...more,
  };
}

function rules(count: number): Partial<ObjectWeight> {
  return { counts: { routes: 1, rules: count } };
}

/** What each refused object is told, in the order of age. */
function refusals(limits: BudgetLimits, weights: readonly ObjectWeight[]): Readonly<Record<string, string>> {
  const graph = new Graph();
  const source = graph.source<ObjectWeight>("weights");
  const byScope = graph.groupBy("byScope", [source], () => ["shop"]);
  const limited = graph.source<ScopeLimits>("limits");
  const judged = graph.derive("refusals", limited, judgeScope(byScope));
  for (const each of weights) source.set(each.object, each);
  const set = Object.entries(limits).map(([name, most]) => [name as LimitName, { most, setBy: "NamespaceBudget b" }]);
  limited.set("shop", Object.fromEntries(set) as ScopeLimits);
  graph.flush();
  return Object.fromEntries([...judged.entries()].map(([key, { message }]) => [key.split("/")[2], message]));
}

const older = (what: string) =>
  `NamespaceBudget b allows ${what}, and older objects of the namespace already come to more`;

it.each([
  {
    name: "what fits is left alone, up to the limit itself",
    limits: { routes: 2, rules: 2 },
    weights: [weight("a", 1), weight("b", 2)],
    want: {},
  },
  {
    name: "the newest are refused, whatever their names",
    limits: { routes: 1 },
    weights: [weight("c", 1), weight("a", 3), weight("b", 2)],
    want: {
      b: "NamespaceBudget b allows 1 route, and with this object the namespace has 2",
      a: older("1 route"),
    },
  },
  {
    name: "the name decides between objects of one second",
    limits: { routes: 1 },
    weights: [weight("b", 1), weight("a", 1)],
    want: { b: "NamespaceBudget b allows 1 route, and with this object the namespace has 2" },
  },
  {
    name: "an old object that grows costs the newest its place",
    limits: { rules: 10 },
    weights: [weight("old", 1, rules(8)), weight("middle", 2, rules(2)), weight("new", 3, rules(1))],
    want: { new: "NamespaceBudget b allows 10 rules, and with this object the namespace has 11" },
  },
  {
    name: "what is refused in the middle is not passed by what is newer",
    limits: { rules: 10 },
    weights: [weight("old", 1, rules(8)), weight("middle", 2, rules(5)), weight("new", 3, rules(1))],
    want: {
      middle: "NamespaceBudget b allows 10 rules, and with this object the namespace has 13",
      new: older("10 rules"),
    },
  },
  {
    name: "an object that is too much by itself is refused alone",
    limits: { rules: 10 },
    weights: [weight("bomb", 1, rules(11)), weight("b", 2, rules(4)), weight("c", 3, rules(6))],
    want: { bomb: "NamespaceBudget b allows 10 rules, and this object alone has 11" },
  },
  {
    name: "an object that is too much by itself takes nobody's place in any other count",
    limits: { regexes: 1, routes: 1 },
    weights: [weight("bomb", 1, { counts: { routes: 1, regexes: 2 } }), weight("b", 2)],
    want: { bomb: "NamespaceBudget b allows 1 regular expression, and this object alone has 2" },
  },
  {
    name: "an object that uses none of what is used up is not refused",
    limits: { regexes: 1 },
    weights: [
      weight("a", 1, { counts: { routes: 1, regexes: 1 } }),
      weight("b", 2, { counts: { routes: 1, regexes: 1 } }),
      weight("c", 3),
    ],
    want: { b: "NamespaceBudget b allows 1 regular expression, and with this object the namespace has 2" },
  },
  {
    name: "a limit of zero lets nothing in",
    limits: { listeners: 0 },
    weights: [weight("a", 1, { counts: { listeners: 2 } }), weight("b", 2)],
    want: { a: "NamespaceBudget b allows no listeners, and this object alone has 2" },
  },
  {
    name: "of several limits the one on the number of objects is told first",
    limits: { rules: 1, routes: 1 },
    weights: [weight("a", 1), weight("b", 2)],
    want: { b: "NamespaceBudget b allows 1 route, and with this object the namespace has 2" },
  },
  {
    name: "a hostname that objects share counts once",
    limits: { hostnames: 2 },
    weights: [
      weight("a", 1, { hostnames: ["a.example.com", "b.example.com"] }),
      weight("b", 2, { hostnames: ["b.example.com"] }),
      weight("c", 3, { hostnames: ["c.example.com"] }),
      weight("d", 4, { hostnames: ["a.example.com"] }),
    ],
    want: { c: "NamespaceBudget b allows 2 different hostnames, and with this object the namespace has 3" },
  },
  {
    name: "a hostname is not let in by an older object that was refused for it",
    limits: { hostnames: 1 },
    weights: [
      weight("a", 1, { hostnames: ["a.example.com"] }),
      weight("b", 2, { hostnames: ["b.example.com"] }),
      weight("c", 3, { hostnames: ["b.example.com"] }),
    ],
    want: {
      b: "NamespaceBudget b allows 1 hostname, and with this object the namespace has 2",
      c: older("1 hostname"),
    },
  },
])("$name", ({ limits, weights, want }) => {
  expect(refusals(limits, weights)).toEqual(want);
});
