/** What the kinds of routes have in common. */
import { group, hostname, kind, namespace, objectName, port, sectionName } from "./fields.ts";
import { backendReference, headerName } from "./http-filter.ts";
import type { JsonSchema } from "./json-schema.ts";

/** `spec.parentRefs` of every kind of route. */
export const parentRefs = {
  type: "array",
  maxItems: 32,
  "x-kubernetes-list-type": "atomic",
  items: {
    type: "object",
    required: ["name"],
    properties: {
      group: { ...group, default: "gateway.networking.k8s.io" },
      kind: { ...kind, default: "Gateway" },
      namespace,
      name: objectName,
      sectionName,
      port,
    },
  },
} as const satisfies JsonSchema;

/** How a value is compared. */
export const valueMatchType = {
  type: "string",
  default: "Exact",
  enum: ["Exact", "RegularExpression"],
} as const satisfies JsonSchema;

/** Header matches of HTTPRoutes and GRPCRoutes. */
export const headerMatches = {
  type: "array",
  maxItems: 16,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["name"],
  items: {
    type: "object",
    required: ["name", "value"],
    properties: {
      type: valueMatchType,
      name: headerName,
      value: { type: "string", minLength: 1, maxLength: 4096 },
    },
  },
} as const satisfies JsonSchema;

/** The weight of a backend among those of its rule. */
export const weight = {
  type: "integer",
  format: "int32",
  default: 1,
  minimum: 0,
  maximum: 1_000_000,
} as const satisfies JsonSchema;

/** The rules of a route that forwards connections or datagrams as they are. */
export const layer4Rules = {
  type: "array",
  minItems: 1,
  maxItems: 1,
  "x-kubernetes-list-type": "atomic",
  items: {
    type: "object",
    required: ["backendRefs"],
    properties: {
      name: sectionName,
      backendRefs: {
        type: "array",
        minItems: 1,
        maxItems: 16,
        "x-kubernetes-list-type": "atomic",
        items: { type: "object", required: ["name"], properties: { ...backendReference.properties, weight } },
      },
    },
  },
} as const satisfies JsonSchema;

/** `spec.hostnames` of HTTPRoutes and GRPCRoutes. */
export const hostnames = {
  type: "array",
  maxItems: 16,
  "x-kubernetes-list-type": "atomic",
  items: hostname,
} as const satisfies JsonSchema;

/** `spec.hostnames` of TLSRoutes. */
export const serverNames = {
  type: "array",
  minItems: 1,
  maxItems: 1024,
  "x-kubernetes-list-type": "atomic",
  items: hostname,
} as const satisfies JsonSchema;
