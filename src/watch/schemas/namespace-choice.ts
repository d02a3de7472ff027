import { namespace } from "./fields.ts";
import type { JsonSchema } from "./json-schema.ts";
import { patterns } from "./patterns.ts";

const labelValue = { type: "string", maxLength: 63, pattern: patterns.labelValue } as const satisfies JsonSchema;

const selector = {
  type: "object",
  description: "Namespaces by their labels. Whoever may edit the labels of a namespace decides with them.",
  properties: {
    matchLabels: { type: "object", maxProperties: 16, additionalProperties: labelValue },
    matchExpressions: {
      type: "array",
      maxItems: 16,
      "x-kubernetes-list-type": "atomic",
      items: {
        type: "object",
        required: ["key", "operator"],
        properties: {
          key: { type: "string", minLength: 1, maxLength: 317, pattern: patterns.labelKey },
          operator: { type: "string", enum: ["In", "NotIn", "Exists", "DoesNotExist"] },
          values: { type: "array", maxItems: 64, "x-kubernetes-list-type": "atomic", items: labelValue },
        },
      },
    },
  },
} as const satisfies JsonSchema;

/** Some namespaces, in objects of our own that belong to no namespace; see NamespaceChoice. */
export const namespaceChoice = {
  type: "object",
  properties: {
    names: {
      type: "array",
      description: "Namespaces by name.",
      minItems: 1,
      maxItems: 128,
      "x-kubernetes-list-type": "set",
      items: namespace,
    },
    selector,
  },
} as const satisfies JsonSchema;
