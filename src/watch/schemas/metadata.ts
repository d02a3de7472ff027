import type { JsonSchema } from "./json-schema.ts";
import { patterns } from "./patterns.ts";

const text = { type: "string" } as const satisfies JsonSchema;

/** Keys and values of labels, as the API server takes them. */
export const labels = {
  type: "object",
  propertyNames: { maxLength: 317, pattern: patterns.labelKey },
  additionalProperties: { type: "string", maxLength: 63, pattern: patterns.labelValue },
} as const satisfies JsonSchema;

const annotations = {
  type: "object",
  propertyNames: { maxLength: 317, pattern: patterns.annotationKey },
  additionalProperties: text,
} as const satisfies JsonSchema;

/** `metadata`, with everything that `kubectl get -o yaml` prints. */
export function metadataSchema(name: JsonSchema): JsonSchema {
  return {
    type: "object",
    required: ["name"],
    properties: {
      name,
      namespace: { type: "string", minLength: 1, maxLength: 63, pattern: patterns.dnsLabel },
      labels,
      annotations,
      uid: text,
      creationTimestamp: text,
      generateName: text,
      generation: { type: "integer" },
      resourceVersion: text,
      selfLink: text,
      deletionTimestamp: text,
      deletionGracePeriodSeconds: { type: "integer" },
      finalizers: { type: "array", items: text },
      ownerReferences: { type: "array", items: { type: "object" } },
      managedFields: { type: "array", items: { type: "object" } },
    },
  };
}
