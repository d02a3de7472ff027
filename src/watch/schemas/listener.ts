import { group, hostname, kind, labelSelector, port, secretReference, sectionName } from "./fields.ts";
import type { JsonSchema } from "./json-schema.ts";
import { patterns } from "./patterns.ts";

const allowedRoutes = {
  type: "object",
  default: { namespaces: { from: "Same" } },
  properties: {
    kinds: {
      type: "array",
      maxItems: 8,
      "x-kubernetes-list-type": "atomic",
      items: {
        type: "object",
        required: ["kind"],
        properties: { group: { ...group, default: "gateway.networking.k8s.io" }, kind },
      },
    },
    namespaces: {
      type: "object",
      default: { from: "Same" },
      properties: {
        from: { type: "string", default: "Same", enum: ["All", "Selector", "Same"] },
        selector: labelSelector,
      },
    },
  },
} as const satisfies JsonSchema;

const tls = {
  type: "object",
  properties: {
    mode: { type: "string", default: "Terminate", enum: ["Terminate", "Passthrough"] },
    certificateRefs: {
      type: "array",
      maxItems: 64,
      "x-kubernetes-list-type": "atomic",
      items: secretReference,
    },
    options: {
      type: "object",
      maxProperties: 16,
      additionalProperties: { type: "string", minLength: 0, maxLength: 4096 },
    },
  },
} as const satisfies JsonSchema;

/** `spec.listeners` of a Gateway and of a ListenerSet. https://gateway-api.sigs.k8s.io/reference/spec/#listener */
export const listenersSchema = {
  type: "array",
  minItems: 1,
  maxItems: 64,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["name"],
  items: {
    type: "object",
    required: ["name", "port", "protocol"],
    properties: {
      name: sectionName,
      hostname,
      port,
      protocol: { type: "string", minLength: 1, maxLength: 255, pattern: patterns.protocol },
      tls,
      allowedRoutes,
    },
  },
} as const satisfies JsonSchema;
