import { describe, expect, it } from "vitest";
import { kinds } from "../core/keys.ts";
import { gatehouseCrds } from "./crd.ts";
import { rules } from "./rules/rule-table.ts";

type Schema = Readonly<Record<string, unknown>>;

/** Every schema below this one, by its path. */
function schemasBelow(schema: Schema, path = ""): ReadonlyMap<string, Schema> {
  const { properties, items, additionalProperties } = schema;
  const children = [
    ...Object.entries(record(properties)).map(
      ([name, child]) => [path === "" ? name : `${path}.${name}`, child] as const,
    ),
    ...(items === undefined ? [] : [[`${path}[]`, items] as const]),
    ...(additionalProperties === undefined ? [] : [[`${path}{}`, additionalProperties] as const]),
  ];
  return new Map([[path, schema], ...children.flatMap(([at, child]) => [...schemasBelow(record(child), at)])]);
}

function record(value: unknown): Schema {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

const crds = gatehouseCrds().map((crd) => {
  const { metadata, spec } = record(crd);
  const [version] = record(spec)["versions"] as readonly Schema[]; // made by us
  const schema = record(record(version?.["schema"])["openAPIV3Schema"]);
  return { kind: String(record(record(spec)["names"])["kind"]), name: record(metadata)["name"], version, schema };
});

describe.each(crds)("the definition of $kind", ({ kind, schema }) => {
  it("has every rule of the kind, at the place that it is about", () => {
    const there = [...schemasBelow(schema)].flatMap(([path, below]) =>
      ((below["x-kubernetes-validations"] ?? []) as readonly Schema[]).map(({ message }) => `${path} ${message}`),
    );
    const ours = rules.filter((rule) => rule.kind === kind).map(({ name }) => name);
    expect(ours.length).toBeGreaterThan(0);
    expect(there.sort()).toEqual([...ours].sort());
  });

  it("is structural: everything has a type, and nothing that the API server does not know", () => {
    for (const [path, below] of schemasBelow(schema)) {
      expect(`${path} ${String(below["type"])}`).toMatch(/ (object|array|string|integer|boolean)$/);
      expect(Object.keys(below)).not.toContain("propertyNames");
      const both = below["properties"] !== undefined && below["additionalProperties"] !== undefined;
      expect(both, path).toBe(false);
    }
  });

  it("explains every field of the spec", () => {
    const spec = schemasBelow(schema).get("spec");
    const silent = Object.entries(record(spec?.["properties"])).filter(
      ([, field]) => record(field)["description"] === undefined,
    );
    expect(silent.map(([name]) => name)).toEqual([]);
  });
});

it("there is one definition for each kind of ours, under the name that the API server asks for", () => {
  expect(gatehouseCrds()).toMatchObject([
    {
      apiVersion: "apiextensions.k8s.io/v1",
      metadata: { name: "gatewayparameters.gatehouse.dev" },
      spec: {
        scope: "Namespaced",
        versions: [{ name: "v1alpha1", served: true, storage: true, subresources: { status: {} } }],
      },
    },
    { metadata: { name: "hostnameclaims.gatehouse.dev" }, spec: { scope: "Cluster" } },
    { metadata: { name: "hostnamerecords.gatehouse.dev" }, spec: { scope: "Cluster" } },
    { metadata: { name: "namespacebudgets.gatehouse.dev" }, spec: { scope: "Cluster" } },
    { metadata: { name: "quarantines.gatehouse.dev" }, spec: { scope: "Cluster" } },
  ]);
  const ours = Object.entries(kinds).filter(([, { group }]) => group === "gatehouse.dev");
  expect(crds.map(({ kind }) => kind)).toEqual(ours.map(([kind]) => kind));
});

it("a status is there where we write one, apart from the spec", () => {
  const reported = crds.filter(({ version }) => version?.["subresources"] !== undefined).map(({ kind }) => kind);
  expect(reported).toEqual(["GatewayParameters", "HostnameRecord"]);
  expect(crds.filter(({ schema }) => schemasBelow(schema).has("status")).map(({ kind }) => kind)).toEqual(reported);
});

it("a record of the API server shows who holds what since when, and whether it is still used", () => {
  const columns = crds.find(({ kind }) => kind === "HostnameRecord")?.version?.["additionalPrinterColumns"];
  expect((columns as readonly Schema[]).slice(0, 4).map(({ name }) => name)).toEqual([
    "Hostname",
    "Namespace",
    "Since",
    "Unused",
  ]);
});
