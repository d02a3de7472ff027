import { expect, it } from "vitest";
import { gatehouseCrds, gatewayParametersCrd } from "./crd.ts";
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

function openApi(): Schema {
  const [version] = record(record(gatewayParametersCrd())["spec"])["versions"] as readonly Schema[]; // made by us
  return record(record(version?.["schema"])["openAPIV3Schema"]);
}

it("the API server gets every rule of GatewayParameters, at the place that it is about", () => {
  const there = [...schemasBelow(openApi())].flatMap(([path, schema]) =>
    ((schema["x-kubernetes-validations"] ?? []) as readonly Schema[]).map(({ message }) => `${path} ${message}`),
  );
  const ours = rules.filter(({ kind }) => kind === "GatewayParameters").map(({ name }) => name);
  expect(there.sort()).toEqual([...ours].sort());
});

it("the schema is structural: everything has a type, and nothing that the API server does not know", () => {
  for (const [path, schema] of schemasBelow(openApi())) {
    expect(`${path} ${String(schema["type"])}`).toMatch(/ (object|array|string|integer|boolean)$/);
    expect(Object.keys(schema)).not.toContain("propertyNames");
    const both = schema["properties"] !== undefined && schema["additionalProperties"] !== undefined;
    expect(both, path).toBe(false);
  }
});

it("every field of the spec is explained, or has a name that says all", () => {
  const spec = schemasBelow(openApi()).get("spec");
  const silent = Object.entries(record(spec?.["properties"])).filter(
    ([, field]) => record(field)["description"] === undefined,
  );
  expect(silent.map(([name]) => name)).toEqual([]);
});

it("there is one definition, under the name that the API server asks for, with a status of its own", () => {
  expect(gatehouseCrds()).toMatchObject([
    {
      apiVersion: "apiextensions.k8s.io/v1",
      metadata: { name: "gatewayparameters.gatehouse.dev" },
      spec: {
        scope: "Namespaced",
        versions: [{ name: "v1alpha1", served: true, storage: true, subresources: { status: {} } }],
      },
    },
  ]);
});
