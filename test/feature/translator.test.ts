import { expect, it } from "vitest";
import { type TranslationChanges, Translator } from "../../src/app/translator.ts";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { namespace, platform, route } from "./shop-manifests.ts";

const options = {
  controllerName: "gatehouse.dev/gateway-controller",
  placement: { kind: "standalone", bindAddresses: ["0.0.0.0"] },
} as const;
const gateway = namespacedName("infra", "shared");

function apply(translator: Translator, text: string): void {
  const { objects, problems } = readManifests([{ path: "test.yaml", text }]);
  expect(problems).toEqual([]);
  for (const { kind, name, object } of objects) translator.set(kind, name, object);
}

/** What changed, as `type name` with a minus in front of what is gone. */
function summary({ resources }: TranslationChanges): readonly string[] {
  return [...resources.values()]
    .flat()
    .map(({ type, name, resource }) => `${resource === undefined ? "-" : ""}${type} ${name}`)
    .sort();
}

/** Every change with what was worked out for it. */
function plain({ resources }: TranslationChanges): readonly unknown[] {
  return [...resources].map(([gateway, changes]) => [
    gateway,
    changes.map(({ resource, ...change }) => [change, resource, [...(resource?.clusters?.() ?? [])]].map(data)),
  ]);
}

/** Without functions, of which no two are equal. */
function data(value: unknown): unknown {
  return typeof value === "object" && value !== null && "clusters" in value ? { ...value, clusters: null } : value;
}

function shops(count: number, first = 0): string {
  const names = Array.from({ length: count }, (_, index) => `shop-${first + index}`);
  return names.map((name) => namespace(name) + route(name)).join("");
}

it("tells what is new at first and only what changed from then on", () => {
  const translator = new Translator(options);
  apply(translator, platform + namespace("cart") + route("cart"));
  const first = translator.flush();
  expect([first.fleetsAdded, first.fleetsRemoved]).toEqual([[gateway], []]);
  expect(summary(first)).toEqual([
    "cluster cart/cart/80",
    "endpoint cart/cart/80",
    "listener http-8080",
    "route http-8080",
  ]);
  expect([...first.statuses.keys()].sort()).toEqual([
    "Gateway/infra/shared",
    "GatewayClass/gatehouse",
    "HTTPRoute/cart/cart",
  ]);

  apply(translator, namespace("cart") + route("cart", { ready: ["192.0.2.1", "192.0.2.2"] }));
  const second = translator.flush();
  expect(summary(second)).toEqual(["endpoint cart/cart/80"]);
  expect([second.fleetsAdded, [...second.statuses]]).toEqual([[], []]);
});

it("changes nothing but statuses when proxies have their say", () => {
  const translator = new Translator(options);
  apply(translator, platform + namespace("cart") + route("cart"));
  const first = translator.flush();
  const listener = first.resources.get(gateway)?.find(({ type }) => type === "listener")?.resource;
  translator.setDataPlane(gateway, {
    proxies: 1,
    readyProxies: 1,
    listeners: new Map([["http-8080", [listener?.version ?? ""]]]),
    refusals: new Map(),
  });
  const answered = translator.flush();
  expect(summary(answered)).toEqual([]);
  expect([...answered.statuses.keys()]).toEqual(["Gateway/infra/shared"]);
  const programmed = [...answered.statuses.values()].flatMap((update) =>
    update?.kind === "Gateway" ? update.conditions.filter(({ type }) => type === "Programmed") : [],
  );
  expect(programmed).toMatchObject([{ status: "True" }]);

  translator.setDataPlane(gateway, undefined);
  expect(summary(translator.flush())).toEqual([]);
});

it("takes back everything of a Gateway that is gone", () => {
  const translator = new Translator(options);
  apply(translator, platform + namespace("cart") + route("cart"));
  const added = summary(translator.flush());
  translator.delete("Gateway", gateway);
  const removed = translator.flush();
  expect(removed.fleetsRemoved).toEqual([gateway]);
  expect(summary(removed)).toEqual(added.map((change) => `-${change}`));
  expect(
    removed.statuses.get([...removed.statuses.keys()].find((key) => key.startsWith("Gateway/")) ?? (gateway as never)),
  ).toBeUndefined();
});

it("cuts a listener's tables otherwise in the very flush in which it has grown, and not back at once", () => {
  const translator = new Translator(options);
  apply(translator, platform + shops(10));
  expect(summary(translator.flush()).filter((change) => change.startsWith("scope"))).toEqual([]);
  apply(translator, shops(600));
  const changes = translator.flush();
  const grown = summary(changes);
  expect(grown.filter((change) => change.startsWith("scope")).length).toBeGreaterThanOrEqual(600);
  // Connections from before go by it for a while.
  const former = changes.resources.get(gateway)?.find(({ type, name }) => type === "route" && name === "http-8080");
  expect(former?.resource?.lingers).toBe(true);
  expect([...changes.recut]).toEqual([`${gateway}|http-8080`]);
  translator.forgetFormerCut(`${gateway}|http-8080`);
  expect(summary(translator.flush())).toEqual(["-route http-8080"]);
  expect(translator.graph.dirty).toBe(false);
  for (let shop = 400; shop < 600; shop++)
    translator.delete("HTTPRoute", namespacedName(`shop-${shop}`, `shop-${shop}`));
  expect(summary(translator.flush())).not.toContain("route http-8080");
  for (let shop = 100; shop < 400; shop++)
    translator.delete("HTTPRoute", namespacedName(`shop-${shop}`, `shop-${shop}`));
  expect(summary(translator.flush())).toContain("route http-8080");
});

it("prints no former cut that no proxy has been served", () => {
  const translator = new Translator(options);
  apply(translator, platform + shops(600));
  const first = translator.flush();
  expect([...first.recut]).toEqual([]);
  const lingering = [...first.resources.values()].flat().filter(({ resource }) => resource?.lingers === true);
  expect(lingering).toEqual([]);
});

it("tells which hostnames and routes changed, and what came in", () => {
  const translator = new Translator(options);
  apply(translator, platform + shops(3));
  const first = translator.flush();
  expect([...first.hosts].sort()).toEqual(
    ["*", "shop-0.example.com", "shop-1.example.com", "shop-2.example.com"].map(
      (host) => `${gateway}|http-8080/${host}`,
    ),
  );
  expect(first.objects).toContain("Gateway/infra/shared");

  apply(translator, namespace("shop-1") + route("shop-1", { path: "/new", ready: ["192.0.2.7"] }));
  const second = translator.flush();
  expect([...second.hosts]).toEqual([`${gateway}|http-8080/shop-1.example.com`]);
  expect([...second.routes]).toEqual(["HTTPRoute/shop-1/shop-1"]);
  expect([...second.objects].sort()).toEqual(["EndpointSlice/shop-1/shop-1-1", "HTTPRoute/shop-1/shop-1"]);
  expect(translator.metadata(objectKey("HTTPRoute", namespacedName("shop-1", "shop-1")))?.generation).toBe(1);

  translator.delete("HTTPRoute", namespacedName("shop-1", "shop-1"));
  const third = translator.flush();
  expect([[...third.hosts], [...third.routes]]).toEqual([[...second.hosts], [...second.routes]]);
  expect(translator.metadata(objectKey("HTTPRoute", namespacedName("shop-1", "shop-1")))).toBeUndefined();
});

it("gives the same in slices, while others run in between", async () => {
  const whole = new Translator(options);
  const sliced = new Translator(options);
  for (const translator of [whole, sliced]) apply(translator, platform + shops(300));
  const [one, other] = [await sliced.flushInSlices(), whole.flush()];
  expect({ ...one, resources: plain(one) }).toEqual({ ...other, resources: plain(other) });
});
