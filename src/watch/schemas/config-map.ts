import type { JsonSchema } from "./json-schema.ts";
import { patterns } from "./patterns.ts";

/** Keys of `data` in ConfigMaps and Secrets. */
export const dataKeys = { minLength: 1, maxLength: 253, pattern: patterns.dataKey } as const satisfies JsonSchema;

const entries = {
  type: "object",
  propertyNames: dataKeys,
  additionalProperties: { type: "string" },
} as const satisfies JsonSchema;

/** ConfigMap, v1. https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/config-map-v1/ */
export const configMapSchema = {
  type: "object",
  properties: { data: entries, binaryData: entries, immutable: { type: "boolean" } },
} as const satisfies JsonSchema;
