import { group, kind, namespace, objectName } from "./fields.ts";
import type { JsonSchema } from "./json-schema.ts";
import { listenersSchema } from "./listener.ts";

/** ListenerSet, v1. https://gateway-api.sigs.k8s.io/reference/spec/#listenerset */
export const listenerSetSchema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      required: ["listeners", "parentRef"],
      properties: {
        parentRef: {
          type: "object",
          required: ["name"],
          properties: {
            group: { ...group, default: "gateway.networking.k8s.io" },
            kind: { ...kind, default: "Gateway" },
            name: objectName,
            namespace,
          },
        },
        listeners: listenersSchema,
      },
    },
  },
} as const satisfies JsonSchema;
