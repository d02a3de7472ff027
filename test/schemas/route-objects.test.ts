import { describe, expect, it } from "vitest";
import { readManifests } from "../../src/watch/manifests.ts";
import { formatProblem } from "../../src/watch/problem.ts";
import { type RouteObject, refusedRoutes, takenRoutes } from "./route-objects.ts";

function read({ kind, spec }: Omit<RouteObject, "name">, version = "v1") {
  const object = { apiVersion: `gateway.networking.k8s.io/${version}`, kind, metadata: { name: "x" }, spec };
  const { objects, problems } = readManifests([{ path: "a.yaml", text: JSON.stringify(object) }]);
  return { object: objects.find(({ key }) => key.startsWith(kind))?.object, faults: problems.map(formatProblem) };
}

describe("routes and policies in files", () => {
  it.each(takenRoutes)("are taken: $name ($kind)", ({ want, ...route }) => {
    const { object, faults } = read(route);
    expect(faults).toEqual([]);
    expect(object).toMatchObject({ kind: route.kind, metadata: { name: "x", namespace: "default" }, spec: want });
  });

  it.each(refusedRoutes)("are refused: $name ($kind)", ({ want, ...route }) => {
    const { object, faults } = read(route);
    expect(object).toBeUndefined();
    expect(faults.join("\n")).toContain(`${route.kind} default/x: ${want}`);
  });

  it("are refused in versions before their first release", () => {
    const { object, faults } = read({ kind: "TLSRoute", spec: { rules: [] } }, "v1alpha2");
    expect(object).toBeUndefined();
    expect(faults.join("\n")).toContain("apiVersion must be gateway.networking.k8s.io/v1");
  });
});
