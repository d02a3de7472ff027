import { describe, expect, it } from "vitest";
import { listener, listenerSet } from "../../test/support/gateway-objects.ts";
import type { ParentReference } from "../core/gateway-api.ts";
import { byPrecedence, listenerSetKeys } from "./listener-set.ts";

describe("listenerSetKeys", () => {
  const keysOf = (parentRef: ParentReference) => {
    const set = listenerSet("team", "listeners", [listener("http")]);
    return listenerSetKeys({ ...set, spec: { ...set.spec, parentRef } });
  };
  const gateway = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "shared-gateway" };

  it("names the Gateway of another namespace", () => {
    expect(keysOf({ ...gateway, namespace: "infra" })).toEqual(["infra/shared-gateway"]);
  });

  it("takes its own namespace where none is written", () => {
    expect(keysOf(gateway)).toEqual(["team/shared-gateway"]);
  });

  it("leaves other kinds of parents alone", () => {
    expect(keysOf({ ...gateway, kind: "Service", group: "" })).toEqual([]);
    expect(keysOf({ ...gateway, group: "example.com" })).toEqual([]);
  });
});

describe("byPrecedence", () => {
  const set = (namespace: string, name: string, creationTimestamp: string) =>
    listenerSet(namespace, name, [listener("http")], { creationTimestamp });

  it("puts the oldest first and goes by namespace and name then", () => {
    const sets = [
      set("b", "a", "2026-01-02T00:00:00Z"),
      set("a", "b", "2026-01-02T00:00:00Z"),
      set("a", "a", "2026-01-02T00:00:00Z"),
      set("z", "z", "2026-01-01T23:59:59Z"),
    ];
    const names = sets.sort(byPrecedence).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    expect(names).toEqual(["z/z", "a/a", "a/b", "b/a"]);
  });
});
