import type { JsonSchema } from "./json-schema.ts";

/** Namespace, v1. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/namespace-v1/ */
export const namespaceSchema = {
  type: "object",
  properties: {
    spec: { type: "object", properties: { finalizers: { type: "array", items: { type: "string" } } } },
  },
} as const satisfies JsonSchema;
