import { duration, sectionName } from "./fields.ts";
import { backendReference, httpFiltersSchema } from "./http-filter.ts";
import type { JsonSchema } from "./json-schema.ts";
import { headerMatches, hostnames, parentRefs, weight } from "./route.ts";
import { sessionPersistence } from "./session-persistence.ts";

const everyPath = { type: "PathPrefix", value: "/" } as const;

const queryMatches = {
  ...headerMatches,
  items: {
    ...headerMatches.items,
    properties: { ...headerMatches.items.properties, value: { type: "string", minLength: 1, maxLength: 1024 } },
  },
} as const satisfies JsonSchema;

const matches = {
  type: "array",
  default: [{ path: everyPath }],
  maxItems: 64,
  "x-kubernetes-list-type": "atomic",
  items: {
    type: "object",
    properties: {
      path: {
        type: "object",
        default: everyPath,
        properties: {
          type: { type: "string", default: "PathPrefix", enum: ["Exact", "PathPrefix", "RegularExpression"] },
          value: { type: "string", default: "/", maxLength: 1024 },
        },
      },
      headers: headerMatches,
      queryParams: queryMatches,
      method: {
        type: "string",
        enum: ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"],
      },
    },
  },
} as const satisfies JsonSchema;

const backendRefs = {
  type: "array",
  maxItems: 16,
  "x-kubernetes-list-type": "atomic",
  items: {
    type: "object",
    required: ["name"],
    properties: {
      ...backendReference.properties,
      weight,
      filters: httpFiltersSchema,
    },
  },
} as const satisfies JsonSchema;

const rule = {
  type: "object",
  properties: {
    name: sectionName,
    matches,
    filters: httpFiltersSchema,
    backendRefs,
    timeouts: { type: "object", properties: { request: duration, backendRequest: duration } },
    retry: {
      type: "object",
      properties: {
        codes: {
          type: "array",
          "x-kubernetes-list-type": "set",
          items: { type: "integer", minimum: 400, maximum: 599 },
        },
        attempts: { type: "integer", default: 1, minimum: 0 },
        backoff: duration,
      },
    },
    sessionPersistence,
  },
} as const satisfies JsonSchema;

/** HTTPRoute, v1 and v1beta1. https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
export const httpRouteSchema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      properties: {
        parentRefs,
        hostnames,
        rules: {
          type: "array",
          default: [{ matches: [{ path: everyPath }] }],
          minItems: 1,
          maxItems: 16,
          "x-kubernetes-list-type": "atomic",
          items: rule,
        },
      },
    },
  },
} as const satisfies JsonSchema;
