import { describe, expect, it } from "vitest";
import { readManifests } from "../../src/watch/manifests.ts";
import { formatProblem } from "../../src/watch/problem.ts";
import { type OwnObject, refusedObjects, takenObjects } from "./own-objects.ts";

function read({ kind, spec }: Omit<OwnObject, "name">): {
  readonly object: object | undefined;
  readonly faults: readonly string[];
} {
  const object = { apiVersion: "gatehouse.dev/v1alpha1", kind, metadata: { name: "x" }, spec };
  const { objects, problems } = readManifests([{ path: "a.yaml", text: JSON.stringify(object) }]);
  return { object: objects.find(({ key }) => key.startsWith(kind))?.object, faults: problems.map(formatProblem) };
}

describe("objects of our own kinds in files", () => {
  it.each(takenObjects)("are taken: $name ($kind)", (own) => {
    const { object, faults } = read(own);
    expect(faults).toEqual([]);
    expect(object).toMatchObject({ kind: own.kind, metadata: { name: "x" }, spec: own.spec });
  });

  it.each(refusedObjects)("are refused: $name ($kind)", ({ want, ...own }) => {
    const { object, faults } = read(own);
    expect(object).toBeUndefined();
    expect(faults.join("\n")).toMatch(want);
  });

  it("say nothing about subdomains unless told", () => {
    const { object } = read({ kind: "HostnameClaim", spec: { hostname: "a", namespaces: { names: ["shop"] } } });
    expect(object).toMatchObject({ spec: { subdomains: false } });
  });
});
