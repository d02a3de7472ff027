import { dataKeys } from "./config-map.ts";
import type { JsonSchema } from "./json-schema.ts";

const entries = {
  type: "object",
  propertyNames: dataKeys,
  additionalProperties: { type: "string" },
} as const satisfies JsonSchema;

/** Secret, v1. https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/ */
export const secretSchema = {
  type: "object",
  properties: {
    type: { type: "string", default: "Opaque" },
    data: entries,
    stringData: entries,
    immutable: { type: "boolean" },
  },
} as const satisfies JsonSchema;
