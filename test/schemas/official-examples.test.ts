import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readManifests } from "../../src/watch/manifests.ts";
import { formatProblem } from "../../src/watch/problem.ts";
import { gatewayApiVersion, readOfficialSchemas } from "./official-crds.ts";

const official = readOfficialSchemas();

if (official.kind === "missing") {
  it(`has no official examples to read: ${official.reason}`, () => {
    // Where Go is, continuous integration must read them.
    expect(process.env["CI"] === "true" && official.goIsThere).toBe(false);
  });
} else {
  const { module } = official;
  describe(`the examples of Gateway API ${gatewayApiVersion}, standard channel`, () => {
    it.each(filesBelow("examples/standard"))("are taken: %s", (path) => {
      const { faults, strangers } = read(module, path);
      expect(faults).toEqual([]);
      expect(strangers).toBe(0);
    });

    it.each(filesBelow("hack/invalid-examples/standard"))("that are wrong are refused: %s", (path) => {
      const { objects, faults, strangers } = read(module, path);
      expect(objects).toEqual([]);
      expect(faults.length).toBeGreaterThan(0);
      expect(strangers).toBe(0);
    });
  });

  function filesBelow(folder: string): readonly string[] {
    const found = globSync(`${folder}/**/*.yaml`, { cwd: module }).sort();
    expect(found.length).toBeGreaterThan(10);
    return found;
  }
}

function read(module: string, path: string) {
  const { objects, problems } = readManifests([{ path, text: readFileSync(join(module, path), "utf8") }]);
  const lines = problems.map(formatProblem);
  const faults = lines.filter((line) => !line.includes("is of a kind that Gatehouse does not read"));
  return {
    objects: objects.map(({ key }) => key).filter((key) => !key.startsWith("Namespace/")),
    faults,
    strangers: lines.length - faults.length,
  };
}
