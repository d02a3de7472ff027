import { describe, expect, it } from "vitest";
import { referenceGrant } from "../../test/support/gateway-objects.ts";
import type { Reader } from "../collection/collection.ts";
import { Graph } from "../collection/graph.ts";
import type { ReferenceGrant } from "../core/gateway-api.ts";
import { grantKeys, isGranted, type ReferenceSource, type ReferenceTarget } from "./reference-grant.ts";

const gatewayApi = "gateway.networking.k8s.io";
const route: ReferenceSource = { group: gatewayApi, kind: "HTTPRoute", namespace: "app" };
const service: ReferenceTarget = { group: "", kind: "Service", namespace: "backend", name: "api" };
const fromApp = { group: gatewayApi, kind: "HTTPRoute", namespace: "app" };
const toServices = { group: "", kind: "Service" };

function granted(grants: readonly ReferenceGrant[], from = route, to = service): boolean {
  const graph = new Graph();
  const source = graph.source<ReferenceGrant>("grants");
  const grouped = graph.groupBy("grantsByEdge", [source], grantKeys);
  for (const grant of grants) source.set(`${grant.metadata.namespace}/${grant.metadata.name}`, grant);
  graph.flush();
  const read: Reader = { get: (collection, key) => collection.get(key) };
  return isGranted(read, grouped, from, to);
}

describe("isGranted", () => {
  it("needs no grant within a namespace", () => {
    expect(granted([], route, { ...service, namespace: "app" })).toBe(true);
  });

  it.each<{ name: string; namespace: string; spec: ReferenceGrant["spec"]; want: boolean }>([
    { name: "grants a whole kind", namespace: "backend", spec: { from: [fromApp], to: [toServices] }, want: true },
    {
      name: "grants one object by its name",
      namespace: "backend",
      spec: { from: [fromApp], to: [{ ...toServices, name: "api" }] },
      want: true,
    },
    {
      name: "does not grant another object than the one that it names",
      namespace: "backend",
      spec: { from: [fromApp], to: [{ ...toServices, name: "other" }] },
      want: false,
    },
    {
      name: "an entry without a name beside one with another name grants all",
      namespace: "backend",
      spec: { from: [fromApp], to: [{ ...toServices, name: "other" }, toServices] },
      want: true,
    },
    {
      name: "does not count in the namespace of the source",
      namespace: "app",
      spec: { from: [fromApp], to: [toServices] },
      want: false,
    },
    {
      name: "does not trust another namespace",
      namespace: "backend",
      spec: { from: [{ ...fromApp, namespace: "other" }], to: [toServices] },
      want: false,
    },
    {
      name: "does not trust another kind",
      namespace: "backend",
      spec: { from: [{ ...fromApp, kind: "GRPCRoute" }], to: [toServices] },
      want: false,
    },
    {
      name: "does not trust the kind of another group",
      namespace: "backend",
      spec: { from: [{ ...fromApp, group: "example.com" }], to: [toServices] },
      want: false,
    },
    {
      name: "does not open another kind",
      namespace: "backend",
      spec: { from: [fromApp], to: [{ group: "", kind: "Secret" }] },
      want: false,
    },
    {
      name: "does not take wildcards for namespaces",
      namespace: "backend",
      spec: { from: [{ ...fromApp, namespace: "*" }], to: [toServices] },
      want: false,
    },
  ])("$name", ({ namespace, spec, want }) => {
    expect(granted([referenceGrant(namespace, "grant", spec)])).toBe(want);
  });

  it("does not put two grants together that each say half", () => {
    const other = { group: gatewayApi, kind: "Gateway", namespace: "app" };
    expect(
      granted([
        referenceGrant("backend", "one", { from: [fromApp], to: [{ group: "", kind: "Secret" }] }),
        referenceGrant("backend", "two", { from: [other], to: [toServices] }),
      ]),
    ).toBe(false);
  });

  it("does not confuse parts that look alike when joined", () => {
    const grant = referenceGrant("backend", "grant", {
      from: [{ group: "a", kind: "b/c", namespace: "d" }],
      to: [toServices],
    });
    expect(granted([grant], { group: "a/b", kind: "c", namespace: "d" })).toBe(false);
    expect(granted([grant], { group: "a", kind: "b/c", namespace: "d" })).toBe(true);
  });
});

it("grantKeys gives one key for each pair of a source and a kind", () => {
  const grant = referenceGrant("backend", "grant", {
    from: [fromApp, { ...fromApp, namespace: "other" }],
    to: [toServices, { group: "", kind: "Secret", name: "a" }],
  });
  expect(new Set(grantKeys(grant)).size).toBe(4);
});
