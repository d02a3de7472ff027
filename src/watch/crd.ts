import { kinds } from "../core/keys.ts";
import { type OwnKind, ownKinds } from "./crd-table.ts";
import type { CelRule } from "./rules/cel-check.ts";
import type { JsonSchema } from "./schemas/json-schema.ts";

/**
 * The CustomResourceDefinitions of all kinds of our own, as the API server takes them: the schemas and the rules by which
 * manifests from files are read.
 */
export function gatehouseCrds(): readonly object[] {
  return ownKinds.map(crdOf);
}

function crdOf(own: OwnKind): object {
  const { kind, shortNames, categories, columns, status } = own;
  const { group, versions, plural, scope } = kinds[kind];
  const [name] = versions;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: {
        plural,
        singular: kind.toLowerCase(),
        kind,
        listKind: `${kind}List`,
        shortNames,
        ...(categories && { categories }),
      },
      scope,
      versions: [
        {
          name,
          served: true,
          storage: true,
          ...(status && { subresources: { status: {} } }),
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: objectSchema(own) },
        },
      ],
    },
  };
}

function objectSchema({ schema, rules, description, status }: OwnKind): object {
  const own = structural(schema, rules, "");
  return {
    ...own,
    description,
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
      ...Reflect.get(own, "properties"),
      ...(status && { status }),
    },
  };
}

/** The API server takes no `propertyNames`; each of our schemas for this purpose says with a rule what it takes as keys. */
function structural(schema: JsonSchema, rules: readonly CelRule[], path: string): object {
  const { properties, items, additionalProperties, propertyNames: _, ...rest } = schema;
  const own = rules.filter((rule) => rule.path === path);
  const children = Object.entries(properties ?? {}).map(([name, child]) => [
    name,
    structural(child, rules, path === "" ? name : `${path}.${name}`),
  ]);
  return {
    ...rest,
    ...(properties && { properties: Object.fromEntries(children) }),
    ...(items && { items: structural(items, rules, `${path}[]`) }),
    ...(additionalProperties && { additionalProperties: structural(additionalProperties, rules, `${path}{}`) }),
    ...(own.length > 0 && { "x-kubernetes-validations": own.map(({ rule, message }) => ({ rule, message })) }),
  };
}
