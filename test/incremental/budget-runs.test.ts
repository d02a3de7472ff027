import { expect, it } from "vitest";
import type { HttpRoute } from "../../src/core/gateway-api.ts";
import type { BudgetLimits, NamespaceBudget, NamespaceChoice } from "../../src/core/ownership.ts";
import {
  gateway,
  gatewayClass,
  gatewayParameters,
  listener,
  listenerSet,
  metadata,
  namespaceObject,
} from "../support/gateway-objects.ts";
import { routeTo, service } from "./team-objects.ts";
import { createWorld, type Edit, type World } from "./world.ts";

const gatewayApi = "gateway.networking.k8s.io";
const everybody = { allowedRoutes: { namespaces: { from: "All" } } } as const;

/** A Gateway open to everybody, whose class has a budget, and a team's Service. */
function shared(budget: BudgetLimits = {}): World {
  const world = createWorld();
  // Nobody keeps claims here: what is about budgets needs none.
  const ownership = { mode: "Off" } as const;
  const parametersRef = { group: "gatehouse.dev", kind: "GatewayParameters", name: "class", namespace: "infra" };
  world.apply([
    { of: "GatewayParameters", key: "infra/class", value: gatewayParameters("infra", "class", { budget, ownership }) },
    { of: "GatewayClass", key: "shared", value: gatewayClass("shared", { parametersRef }) },
    { of: "Gateway", key: "infra/shared-gateway", value: openGateway() },
    { of: "Namespace", key: "team", value: namespaceObject("team", { tier: "small" }) },
    { of: "Service", key: "team/backend", value: service("team") },
  ]);
  world.graph.flush();
  return world;
}

function openGateway() {
  return gateway([listener("http", everybody)], { allowedListeners: { namespaces: { from: "All" } } });
}

/** A route of the namespace; `age` is the second in which it was made. */
function route(name: string, age: number, { namespace = "team", rules = 1, path = "/" } = {}): Edit {
  const made = routeTo(namespace, name, [`${name}.${namespace}.example.com`]);
  const [rule] = routeTo(namespace, name, [], path).spec.rules;
  const more = Array.from(
    { length: rules - 1 },
    () => ({ matches: [{ path: { type: "PathPrefix", value: "/x" } }] }) as const,
  );
  const creationTimestamp = `2026-01-01T00:00:${String(age).padStart(2, "0")}Z`;
  const value: HttpRoute = {
    ...made,
    metadata: { ...made.metadata, creationTimestamp },
    spec: { ...made.spec, rules: [...(rule === undefined ? [] : [rule]), ...more] },
  };
  return { of: "HTTPRoute", key: `${namespace}/${name}`, value };
}

function budget(name: string, namespaces: NamespaceChoice, limits: BudgetLimits): Edit {
  const value: NamespaceBudget = {
    apiVersion: "gatehouse.dev/v1alpha1",
    kind: "NamespaceBudget",
    metadata: metadata(name),
    spec: { namespaces, limits },
  };
  return { of: "NamespaceBudget", key: name, value };
}

function apply(world: World, ...edits: readonly Edit[]): Readonly<Record<string, number>> {
  const before = new Map(world.graph.runs);
  world.apply(edits);
  world.graph.flush();
  expect([...world.graph.failures.values()]).toEqual([]);
  const runs = [...world.graph.runs].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
  return Object.fromEntries(runs.filter(([, count]) => count > 0));
}

/** Objects whose Accepted is False for a budget, with the message. */
function refused({ pipeline }: World): Readonly<Record<string, string>> {
  const updates = pipeline.outputs.statuses.flatMap((collection) => [...collection.entries()]);
  const found = updates.flatMap(([key, update]) => {
    if (update.kind === "Policy") return [];
    const conditions =
      update.kind === "Route" ? update.parents.flatMap((parent) => parent.conditions) : update.conditions;
    const beyond = conditions.find(({ type, reason }) => type === "Accepted" && reason === "BudgetExceeded");
    return beyond === undefined ? [] : [[key, beyond.message] as const];
  });
  return Object.fromEntries(found);
}

function hostnamesServed({ pipeline }: World): readonly string[] {
  return [...pipeline.outputs.routing.virtualHosts.entries()]
    .map(([, { hostname }]) => hostname)
    .filter((name) => name !== "")
    .sort();
}

it("refuses the newest route beyond a NamespaceBudget, and attaches it when there is room", () => {
  const world = shared();
  apply(world, budget("small", { names: ["team"] }, { routes: 2 }), route("a", 3), route("b", 1), route("c", 2));
  expect(refused(world)).toEqual({
    "HTTPRoute/team/a": "NamespaceBudget small allows 2 routes, and with this object the namespace has 3",
  });
  expect(hostnamesServed(world)).toEqual(["b.team.example.com", "c.team.example.com"]);
  apply(world, { of: "HTTPRoute", key: "team/b", value: undefined });
  expect(refused(world)).toEqual({});
  expect(hostnamesServed(world)).toEqual(["a.team.example.com", "c.team.example.com"]);
  apply(world, route("d", 9));
  expect(Object.keys(refused(world))).toEqual(["HTTPRoute/team/d"]);
  apply(world, budget("small", { names: ["team"] }, { routes: 3 }));
  expect(refused(world)).toEqual({});
});

it("takes the strictest limit of all budgets that choose a namespace by name or by its labels", () => {
  const world = shared();
  apply(
    world,
    budget("by-label", { selector: { matchLabels: { tier: "small" } } }, { routes: 5, rules: 2 }),
    budget("by-name", { names: ["team"] }, { routes: 1 }),
    budget("of-others", { names: ["other"] }, { routes: 0 }),
    ...["a", "b", "c"].map((name, index) => route(name, index)),
  );
  expect(refused(world)["HTTPRoute/team/b"]).toContain("NamespaceBudget by-name allows 1 route");
  apply(world, { of: "NamespaceBudget", key: "by-name", value: undefined });
  expect(Object.keys(refused(world))).toEqual(["HTTPRoute/team/c"]);
  expect(refused(world)["HTTPRoute/team/c"]).toContain("NamespaceBudget by-label allows 2 rules");
  apply(world, { of: "Namespace", key: "team", value: namespaceObject("team", { tier: "large" }) });
  expect(refused(world)).toEqual({});
});

it("holds what each other namespace attaches to the Gateway's budget, and not the Gateway's own", () => {
  const world = shared({ routes: 1 });
  const all = ["team", "other", "infra"].flatMap((namespace) => [
    route("a", 1, { namespace }),
    route("b", 2, { namespace }),
  ]);
  apply(world, ...all);
  const message = "The Gateway's budget for other namespaces allows 1 route, and with this object the namespace has 2";
  expect(refused(world)).toEqual({ "HTTPRoute/team/b": message, "HTTPRoute/other/b": message });
});

it("counts a route that comes by a ListenerSet, and refuses the ListenerSet that is too much", () => {
  const world = shared({ listeners: 1, routes: 1 });
  const set = listenerSet("team", "set", [listener("more", { ...everybody, port: 8080 })]);
  const parentRef = { group: gatewayApi, kind: "ListenerSet", name: "set" };
  const made = route("b", 2);
  const bySet = {
    ...made,
    value: { ...(made.value as HttpRoute), spec: { ...(made.value as HttpRoute).spec, parentRefs: [parentRef] } },
  };
  const two = [listener("one", { ...everybody, port: 8081 }), listener("two", { ...everybody, port: 8082 })];
  apply(world, { of: "ListenerSet", key: "team/set", value: set }, route("a", 1), bySet as Edit);
  expect(Object.keys(refused(world))).toEqual(["HTTPRoute/team/b"]);
  apply(world, { of: "ListenerSet", key: "team/two", value: listenerSet("team", "two", two) });
  expect(refused(world)["ListenerSet/team/two"]).toBe(
    "The Gateway's budget for other namespaces allows 1 listener, and this object alone has 2",
  );
  expect(refused(world)["ListenerSet/team/set"]).toBeUndefined();
});

it("refuses a Gateway beyond the budget of its namespace as a whole", () => {
  const world = shared();
  const late = gateway([listener("http", everybody)], {}, { name: "late", creationTimestamp: "2026-01-01T00:00:00Z" });
  apply(world, budget("gateways", { names: ["infra"] }, { gateways: 1 }), {
    of: "Gateway",
    key: "infra/late",
    value: late,
  });
  expect(Object.keys(refused(world))).toEqual(["Gateway/infra/late"]);
  const node = (name: string) => world.pipeline.outputs.fleets.get(`infra/${name}`);
  expect(node("late")?.listeners.map(({ served }) => served)).toEqual([false]);
  expect(node("shared-gateway")?.listeners.map(({ served }) => served)).toEqual([true]);
});

it("leaves alone what is no Gateway's of ours", () => {
  const world = shared();
  const foreign = gateway([listener("http")], { gatewayClassName: "foreign" }, { namespace: "team", name: "theirs" });
  const parentRef = { group: gatewayApi, kind: "Gateway", name: "theirs" };
  const made = route("a", 1);
  const elsewhere = {
    ...made,
    value: { ...(made.value as HttpRoute), spec: { ...(made.value as HttpRoute).spec, parentRefs: [parentRef] } },
  };
  apply(
    world,
    budget("one", { names: ["team"] }, { routes: 1, gateways: 0 }),
    { of: "Gateway", key: "team/theirs", value: foreign },
    elsewhere as Edit,
    route("b", 2),
  );
  expect(refused(world)).toEqual({});
});

it("judges a namespace again only for an edit that changes what it counts for", () => {
  const world = shared();
  apply(world, budget("small", { names: ["team"] }, { routes: 50, rules: 100 }));
  for (let index = 0; index < 60; index += 1) apply(world, route(`r${index}`, index % 60));
  const ofPath = apply(world, route("r0", 0, { path: "/other" }));
  expect([ofPath["httpRouteWeights"], ofPath["budgetScopes"], ofPath["budgetRefusals"], ofPath["httpRoutes"]]).toEqual([
    1,
    undefined,
    undefined,
    1,
  ]);
  const ofRules = apply(world, route("r0", 0, { rules: 2 }));
  // The namespace is judged once; no other route is bound again, as none has lost or won a place.
  expect([ofRules["budgetRefusals"], ofRules["httpRoutes"]]).toEqual([1, 1]);
  const ofAnother = apply(world, route("x", 1, { namespace: "other" }));
  expect(ofAnother["budgetRefusals"]).toBeUndefined();
});

it("costs the refused nothing when further ones come and go", () => {
  const world = shared();
  apply(
    world,
    budget("small", { names: ["team"] }, { routes: 1 }),
    route("a", 0),
    route("b", 1),
    route("c", 2),
    route("d", 3),
  );
  expect(Object.keys(refused(world))).toHaveLength(3);
  expect(apply(world, route("e", 4))["httpRoutes"]).toBe(1);
  expect(apply(world, { of: "HTTPRoute", key: "team/c", value: undefined })["httpRoutes"]).toBeUndefined();
});

it("reads no group that grows where nothing is limited", () => {
  const world = shared();
  for (let index = 0; index < 20; index += 1) apply(world, route(`r${index}`, index));
  const runs = apply(world, route("new", 30));
  expect([
    runs["httpRouteWeights"],
    runs["budgetScopes"],
    runs["scopeLimits"],
    runs["budgetRefusals"],
    runs["httpRoutes"],
  ]).toEqual([1, 2, undefined, undefined, 1]);
});
