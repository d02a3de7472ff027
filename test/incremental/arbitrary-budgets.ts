import fc from "fast-check";
import type { HttpRoute } from "../../src/core/gateway-api.ts";
import type { BudgetLimits, NamespaceBudget } from "../../src/core/ownership.ts";
import { metadata } from "../support/gateway-objects.ts";
import type { Edit } from "./world.ts";

/** Small enough to be in the way now and then. */
export const budgetLimits: fc.Arbitrary<BudgetLimits> = fc.constantFrom<BudgetLimits>(
  { routes: 1 },
  { rules: 2, hostnames: 2 },
  { listeners: 2, gateways: 1 },
  { backendTlsPolicies: 1, authorities: 1 },
  { regexes: 0, certificates: 1, changesPerMinute: 60 },
);

/** What the platform allows namespaces. */
export const namespaceBudgetEdits: fc.Arbitrary<Edit> = fc
  .record({
    key: fc.constantFrom("one", "two"),
    namespaces: fc.constantFrom<NamespaceBudget["spec"]["namespaces"]>(
      { names: ["a"] },
      { names: ["b", "infra"] },
      { selector: { matchLabels: { shared: "true" } } },
      { names: ["a", "b"], selector: {} },
    ),
    limits: budgetLimits,
    gone: fc.nat({ max: 2 }),
  })
  .map(({ key, gone, ...spec }): Edit => {
    const value: NamespaceBudget = {
      apiVersion: "gatehouse.dev/v1alpha1",
      kind: "NamespaceBudget",
      metadata: metadata(key),
      spec,
    };
    return { of: "NamespaceBudget", key, value: gone === 0 ? undefined : value };
  });

/** A change that waits, of a route that may be there or not. */
export const delayEdits: fc.Arbitrary<Edit> = fc
  .record({ name: fc.constantFrom("a/one", "b/one", "a/not-yet"), kind: fc.constantFrom("comes", "goes", "over") })
  .map(({ name, kind }): Edit => {
    const key = `HTTPRoute/${name}` as const;
    const [namespace = "", own = ""] = name.split("/");
    const parentRef = {
      group: "gateway.networking.k8s.io",
      kind: "Gateway",
      namespace: "infra",
      name: "shared-gateway",
    };
    const route: HttpRoute = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: metadata(own, { namespace }),
      spec: { parentRefs: [parentRef], rules: [] },
    };
    if (kind === "over") return { of: "delayed", key, value: undefined };
    return { of: "delayed", key, value: kind === "goes" ? {} : { route } };
  });
