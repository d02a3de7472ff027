import { labelSelector, localObjectReference, objectName, objectReference, port, secretReference } from "./fields.ts";
import type { JsonSchema } from "./json-schema.ts";
import { listenersSchema } from "./listener.ts";
import { patterns } from "./patterns.ts";

const addresses = {
  type: "array",
  maxItems: 16,
  "x-kubernetes-list-type": "atomic",
  items: {
    type: "object",
    oneOf: [
      {
        properties: {
          type: { enum: ["IPAddress"] },
          value: { anyOf: [{ format: "ipv4" }, { format: "ipv6" }] },
        },
      },
      { properties: { type: { not: { enum: ["IPAddress"] } } } },
    ],
    properties: {
      type: { type: "string", default: "IPAddress", minLength: 1, maxLength: 253, pattern: patterns.addressType },
      value: { type: "string", maxLength: 253 },
    },
  },
} as const satisfies JsonSchema;

const allowedListeners = {
  type: "object",
  properties: {
    namespaces: {
      type: "object",
      default: { from: "None" },
      properties: {
        from: { type: "string", default: "None", enum: ["All", "Selector", "Same", "None"] },
        selector: labelSelector,
      },
    },
  },
} as const satisfies JsonSchema;

const infrastructure = {
  type: "object",
  properties: {
    annotations: {
      type: "object",
      maxProperties: 16,
      additionalProperties: { type: "string", minLength: 0, maxLength: 4096 },
    },
    labels: {
      type: "object",
      maxProperties: 8,
      additionalProperties: { type: "string", minLength: 0, maxLength: 63, pattern: patterns.labelValue },
    },
    parametersRef: localObjectReference,
  },
} as const satisfies JsonSchema;

const clientValidation = {
  type: "object",
  properties: {
    validation: {
      type: "object",
      required: ["caCertificateRefs"],
      properties: {
        caCertificateRefs: {
          type: "array",
          minItems: 1,
          maxItems: 16,
          "x-kubernetes-list-type": "atomic",
          items: objectReference,
        },
        mode: { type: "string", default: "AllowValidOnly", enum: ["AllowValidOnly", "AllowInsecureFallback"] },
      },
    },
  },
} as const satisfies JsonSchema;

const tls = {
  type: "object",
  properties: {
    backend: { type: "object", properties: { clientCertificateRef: secretReference } },
    frontend: {
      type: "object",
      required: ["default"],
      properties: {
        default: clientValidation,
        perPort: {
          type: "array",
          maxItems: 64,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["port"],
          items: { type: "object", required: ["port", "tls"], properties: { port, tls: clientValidation } },
        },
      },
    },
  },
} as const satisfies JsonSchema;

/** Gateway, v1 and v1beta1. https://gateway-api.sigs.k8s.io/reference/spec/#gateway */
export const gatewaySchema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      required: ["gatewayClassName", "listeners"],
      properties: {
        gatewayClassName: objectName,
        listeners: listenersSchema,
        addresses,
        allowedListeners,
        infrastructure,
        tls,
      },
    },
  },
} as const satisfies JsonSchema;
