import { sectionName } from "./fields.ts";
import { backendReference, httpFiltersSchema } from "./http-filter.ts";
import type { JsonSchema } from "./json-schema.ts";
import { headerMatches, hostnames, parentRefs, valueMatchType, weight } from "./route.ts";
import { sessionPersistence } from "./session-persistence.ts";

const { requestHeaderModifier, responseHeaderModifier, requestMirror, extensionRef } =
  httpFiltersSchema.items.properties;

/** The filters of a rule or of one backend: those of HTTPRoutes that have a meaning for calls. */
export const grpcFiltersSchema = {
  type: "array",
  maxItems: 16,
  "x-kubernetes-list-type": "atomic",
  items: {
    type: "object",
    required: ["type"],
    properties: {
      type: {
        type: "string",
        enum: ["ResponseHeaderModifier", "RequestHeaderModifier", "RequestMirror", "ExtensionRef"],
      },
      requestHeaderModifier,
      responseHeaderModifier,
      requestMirror,
      extensionRef,
    },
  },
} as const satisfies JsonSchema;

const methodMatch = {
  type: "object",
  properties: {
    type: valueMatchType,
    service: { type: "string", maxLength: 1024 },
    method: { type: "string", maxLength: 1024 },
  },
} as const satisfies JsonSchema;

const rule = {
  type: "object",
  properties: {
    name: sectionName,
    matches: {
      type: "array",
      maxItems: 64,
      "x-kubernetes-list-type": "atomic",
      items: { type: "object", properties: { method: methodMatch, headers: headerMatches } },
    },
    filters: grpcFiltersSchema,
    backendRefs: {
      type: "array",
      maxItems: 16,
      "x-kubernetes-list-type": "atomic",
      items: {
        type: "object",
        required: ["name"],
        properties: { ...backendReference.properties, weight, filters: grpcFiltersSchema },
      },
    },
    sessionPersistence,
  },
} as const satisfies JsonSchema;

/** GRPCRoute, v1. https://gateway-api.sigs.k8s.io/reference/spec/#grpcroute */
export const grpcRouteSchema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      properties: {
        parentRefs,
        hostnames,
        rules: { type: "array", maxItems: 16, "x-kubernetes-list-type": "atomic", items: rule },
      },
    },
  },
} as const satisfies JsonSchema;
