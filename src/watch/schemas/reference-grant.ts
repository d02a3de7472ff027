import { group, kind, namespace, objectName } from "./fields.ts";
import type { JsonSchema } from "./json-schema.ts";

/** ReferenceGrant, v1 and v1beta1. https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant */
export const referenceGrantSchema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      required: ["from", "to"],
      properties: {
        from: {
          type: "array",
          minItems: 1,
          maxItems: 16,
          "x-kubernetes-list-type": "atomic",
          items: { type: "object", required: ["group", "kind", "namespace"], properties: { group, kind, namespace } },
        },
        to: {
          type: "array",
          minItems: 1,
          maxItems: 16,
          "x-kubernetes-list-type": "atomic",
          items: { type: "object", required: ["group", "kind"], properties: { group, kind, name: objectName } },
        },
      },
    },
  },
} as const satisfies JsonSchema;
