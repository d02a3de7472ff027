import { hostname, localObjectReference, preciseHostname, sectionName } from "./fields.ts";
import type { JsonSchema } from "./json-schema.ts";
import { patterns } from "./patterns.ts";

const validation = {
  type: "object",
  required: ["hostname"],
  properties: {
    caCertificateRefs: {
      type: "array",
      maxItems: 8,
      "x-kubernetes-list-type": "atomic",
      items: localObjectReference,
    },
    wellKnownCACertificates: {
      type: "string",
      minLength: 1,
      maxLength: 253,
      pattern: patterns.wellKnownCertificates,
    },
    hostname: preciseHostname,
    subjectAltNames: {
      type: "array",
      maxItems: 5,
      "x-kubernetes-list-type": "atomic",
      items: {
        type: "object",
        required: ["type"],
        properties: {
          type: { type: "string", enum: ["Hostname", "URI"] },
          hostname,
          uri: { type: "string", minLength: 1, maxLength: 253, pattern: patterns.absoluteUri },
        },
      },
    },
  },
} as const satisfies JsonSchema;

/** BackendTLSPolicy, v1. https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicy */
export const backendTlsPolicySchema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      required: ["targetRefs", "validation"],
      properties: {
        targetRefs: {
          type: "array",
          minItems: 1,
          maxItems: 16,
          "x-kubernetes-list-type": "atomic",
          items: {
            ...localObjectReference,
            properties: { ...localObjectReference.properties, sectionName },
          },
        },
        validation,
        options: {
          type: "object",
          maxProperties: 16,
          additionalProperties: { type: "string", minLength: 0, maxLength: 4096 },
        },
      },
    },
  },
} as const satisfies JsonSchema;
