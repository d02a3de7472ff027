import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { chapters as articles } from "../../demo/articles.ts";
import { routeKinds } from "../../src/core/keys.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { repository } from "./run.ts";

const examples = join(repository, "examples/shared-gateways");
const files = readYaml(examples);
const kindsOfRole: Readonly<Record<string, readonly string[]>> = {
  "infrastructure-provider": ["GatewayClass", "GatewayParameters"],
  "cluster-operator": ["Gateway", "Namespace"],
  "app-developer": [...routeKinds, "Service", "EndpointSlice", "ReferenceGrant"],
};

describe("the examples", () => {
  it("are folders, one for each part of the demo", () => {
    const folders = new Set(files.map(({ path }) => path.split("/")[0]));
    expect([...folders].sort()).toEqual(articles.map(({ folder }) => folder).sort());
  });

  it.each([
    { name: "shared-gateways", manifests: files },
    { name: "deploy/envoy/manifests", manifests: readYaml(join(repository, "deploy/envoy/manifests")) },
  ])("$name are read without a complaint", ({ manifests }) => {
    const { objects, problems } = readManifests(manifests);
    expect(problems).toEqual([]);
    expect(objects.length).toBeGreaterThan(10);
  });

  it.each(files)("$path holds objects of its role only, and of its team", ({ path, text }) => {
    const [, role = "", team = ""] = path.split("/");
    for (const document of parseAllDocuments(text)) {
      expect(kindsOfRole[role]).toContain(document.get("kind"));
      if (role === "app-developer") expect(document.getIn(["metadata", "namespace"])).toBe(team);
    }
  });

  it("ask for loopback addresses, each Gateway for its own", () => {
    const addresses = files.flatMap(({ text }) => text.match(/value: 127\.0\.0\.\d+/g) ?? []);
    expect(new Set(addresses).size).toBe(addresses.length);
    expect(addresses).toHaveLength(8);
  });

  it("hold no key and no certificate", () => {
    expect(files.filter(({ text }) => /^kind: Secret$|BEGIN/m.test(text))).toEqual([]);
  });
});

function readYaml(folder: string): readonly { readonly path: string; readonly text: string }[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".yaml"));
  return paths
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => ({ path: relative(folder, path), text: readFileSync(path, "utf8") }));
}
