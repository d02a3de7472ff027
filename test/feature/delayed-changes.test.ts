import { expect, it } from "vitest";
import { Translator } from "../../src/app/translator.ts";
import type { StatusUpdate } from "../../src/core/conditions.ts";
import { type NamespacedName, objectKey } from "../../src/core/keys.ts";
import type { BudgetLimits, NamespaceChoice } from "../../src/core/ownership.ts";
import { routeTo } from "../incremental/team-objects.ts";
import {
  gateway,
  gatewayClass,
  gatewayParameters,
  listener,
  metadata,
  namespaceObject,
} from "../support/gateway-objects.ts";

const name = "team/one" as NamespacedName;
const key = objectKey("HTTPRoute", name);
const bound = routeTo("team", "one", ["one.example.com"]);
const newer = { ...bound, metadata: { ...bound.metadata, generation: 2 } };

/** A Gateway of the class, whose parameters say how many changes a minute anybody may make. */
function start(budget?: BudgetLimits): Translator {
  const translator = new Translator({
    controllerName: "example.com/gatehouse",
    placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
  });
  const parametersRef = { group: "gatehouse.dev", kind: "GatewayParameters", name: "class", namespace: "infra" };
  const parameters = gatewayParameters("infra", "class", budget === undefined ? {} : { budget });
  const all = { allowedRoutes: { namespaces: { from: "All" } } } as const;
  translator.set("GatewayParameters", "infra/class" as NamespacedName, parameters);
  translator.set("GatewayClass", "shared" as NamespacedName, gatewayClass("shared", { parametersRef }));
  translator.set("Gateway", "infra/shared-gateway" as NamespacedName, gateway([listener("http", all)]));
  translator.set("Namespace", "team" as NamespacedName, namespaceObject("team", { tier: "small" }));
  translator.flush();
  return translator;
}

function allow(translator: Translator, budget: string, namespaces: NamespaceChoice, changesPerMinute: number): void {
  translator.set("NamespaceBudget", budget as NamespacedName, {
    apiVersion: "gatehouse.dev/v1alpha1",
    kind: "NamespaceBudget",
    metadata: metadata(budget),
    spec: { namespaces, limits: { changesPerMinute } },
  });
}

/** The conditions of the route that the next flush tells, as `type status reason generation`. */
function told(translator: Translator): readonly string[] | undefined {
  const update: StatusUpdate | undefined = translator.flush().statuses.get(key);
  if (update?.kind !== "Route") return undefined;
  return update.parents.flatMap(({ conditions }) =>
    conditions.map(
      ({ type, status, reason, observedGeneration }) => `${type} ${status} ${reason} ${observedGeneration}`,
    ),
  );
}

it("tells of a delay beside what holds of the version that is served", () => {
  const translator = start();
  translator.set("HTTPRoute", name, bound);
  translator.flush();
  translator.setDelayed(key, { object: newer });
  const served = ["Accepted True Accepted 1", "ResolvedRefs False BackendNotFound 1"];
  expect(told(translator)).toEqual([...served, "gatehouse.dev/ChangesDelayed True ChangeRateExceeded 1"]);
  translator.set("HTTPRoute", name, newer);
  translator.setDelayed(key, undefined);
  expect(told(translator)).toEqual(["Accepted True Accepted 2", "ResolvedRefs False BackendNotFound 2"]);
});

it("tells of a new route that it waits, as nothing else is known of it", () => {
  const translator = start();
  translator.setDelayed(key, { object: newer });
  expect(told(translator)).toEqual([
    "Accepted Unknown Pending 2",
    "gatehouse.dev/ChangesDelayed True ChangeRateExceeded 2",
  ]);
  translator.set("HTTPRoute", name, newer);
  translator.setDelayed(key, undefined);
  expect(told(translator)).toEqual(["Accepted True Accepted 2", "ResolvedRefs False BackendNotFound 2"]);
});

it("tells of a route that goes and is about to come again", () => {
  const translator = start();
  translator.set("HTTPRoute", name, bound);
  translator.flush();
  translator.delete("HTTPRoute", name);
  translator.setDelayed(key, { object: newer });
  expect(told(translator)?.[0]).toBe("Accepted Unknown Pending 2");
});

it("says nothing of a route that waits for a parent of somebody else", () => {
  const translator = start();
  const parentRefs = bound.spec.parentRefs?.map((ref) => ({ ...ref, name: "theirs" })) ?? [];
  translator.setDelayed(key, { object: { ...newer, spec: { ...newer.spec, parentRefs } } });
  expect(translator.flush().statuses.has(key)).toBe(false);
});

it("limits a namespace as its own budgets say, the strictest of them, and else as the strictest class", () => {
  const translator = start({ changesPerMinute: 90 });
  expect([translator.changeLimit("team"), translator.changeLimit("nobody")]).toEqual([90, 90]);
  allow(translator, "named", { names: ["team", "empty"] }, 200);
  translator.flush();
  expect(["team", "empty", "nobody"].map((each) => translator.changeLimit(each))).toEqual([200, 200, 90]);
  allow(translator, "selecting", { selector: { matchLabels: { tier: "small" } } }, 30);
  translator.flush();
  expect(["team", "empty", "nobody"].map((each) => translator.changeLimit(each))).toEqual([30, 200, 90]);
  translator.delete("NamespaceBudget", "named" as NamespacedName);
  translator.flush();
  expect(["team", "empty", "nobody"].map((each) => translator.changeLimit(each))).toEqual([30, 90, 90]);
});

it("limits nobody where nothing is said, nor before anything is translated", () => {
  expect(start().changeLimit("team")).toBeUndefined();
  expect(start({ routes: 1 }).changeLimit("team")).toBeUndefined();
});
