import { kinds } from "../core/keys.ts";
import { type CelRule, gatewayParametersCel } from "./rules/gateway-parameters.ts";
import { gatewayParametersSchema } from "./schemas/gateway-parameters.ts";
import type { JsonSchema } from "./schemas/json-schema.ts";

/** The CustomResourceDefinitions of all kinds of our own, as the API server takes them. */
export function gatehouseCrds(): readonly object[] {
  return [gatewayParametersCrd()];
}

/** The CustomResourceDefinition of GatewayParameters: the schema and the rules by which manifests from files are read. */
export function gatewayParametersCrd(): object {
  const { group, versions, plural, scope } = kinds.GatewayParameters;
  const [name] = versions;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: {
        plural,
        singular: "gatewayparameters",
        kind: "GatewayParameters",
        listKind: "GatewayParametersList",
        shortNames: ["gwparams"],
        categories: ["gateway-api"],
      },
      scope,
      versions: [
        {
          name,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: printerColumns,
          schema: { openAPIV3Schema: objectSchema(gatewayParametersSchema, gatewayParametersCel) },
        },
      ],
    },
  };
}

const printerColumns = [
  { name: "Accepted", type: "string", jsonPath: '.status.conditions[?(@.type=="Accepted")].status' },
  { name: "Proxies", type: "string", jsonPath: ".spec.proxies", priority: 1 },
  { name: "Replicas", type: "integer", jsonPath: ".spec.replicas", priority: 1 },
  { name: "Service", type: "string", jsonPath: ".spec.service.type", priority: 1 },
  { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
];

function objectSchema(schema: JsonSchema, rules: readonly CelRule[]): object {
  const own = structural(schema, rules, "");
  return {
    ...own,
    description: "How the proxies of Gateways are run: of all Gateways of a class, or of a single one.",
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
      ...Reflect.get(own, "properties"),
      status: statusSchema,
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

const condition = {
  type: "object",
  required: ["type", "status", "lastTransitionTime", "reason", "message"],
  properties: {
    type: { type: "string", maxLength: 316, pattern: "^[A-Za-z0-9][-A-Za-z0-9_./]*$" },
    status: { type: "string", enum: ["True", "False", "Unknown"] },
    observedGeneration: { type: "integer", format: "int64", minimum: 0 },
    lastTransitionTime: { type: "string", format: "date-time" },
    reason: { type: "string", minLength: 1, maxLength: 1024, pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$" },
    message: { type: "string", maxLength: 32_768 },
  },
};

const statusSchema = {
  type: "object",
  properties: {
    conditions: {
      type: "array",
      maxItems: 8,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
      items: condition,
    },
  },
};
