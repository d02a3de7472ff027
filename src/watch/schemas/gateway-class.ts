import { objectReference } from "./fields.ts";
import type { JsonSchema } from "./json-schema.ts";
import { patterns } from "./patterns.ts";

/** GatewayClass, v1 and v1beta1. https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass */
export const gatewayClassSchema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      required: ["controllerName"],
      properties: {
        controllerName: { type: "string", minLength: 1, maxLength: 253, pattern: patterns.controllerName },
        description: { type: "string", maxLength: 64 },
        parametersRef: objectReference,
      },
    },
  },
} as const satisfies JsonSchema;
