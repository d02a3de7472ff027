import { port } from "./fields.ts";
import type { JsonSchema } from "./json-schema.ts";
import { patterns } from "./patterns.ts";
import { transportProtocol } from "./service.ts";

const text = { type: "string" } as const satisfies JsonSchema;
const named = { type: "array", items: { type: "object", properties: { name: text } } } as const satisfies JsonSchema;

const endpoint = {
  type: "object",
  required: ["addresses"],
  properties: {
    addresses: { type: "array", minItems: 1, maxItems: 100, "x-kubernetes-list-type": "set", items: text },
    conditions: {
      type: "object",
      properties: { ready: { type: "boolean" }, serving: { type: "boolean" }, terminating: { type: "boolean" } },
    },
    hostname: { type: "string", minLength: 1, maxLength: 63, pattern: patterns.dnsLabel },
    nodeName: text,
    zone: text,
    targetRef: {
      type: "object",
      properties: {
        apiVersion: text,
        kind: text,
        namespace: text,
        name: text,
        uid: text,
        resourceVersion: text,
        fieldPath: text,
      },
    },
    deprecatedTopology: { type: "object", additionalProperties: text },
    hints: { type: "object", properties: { forZones: named, forNodes: named } },
  },
} as const satisfies JsonSchema;

/** EndpointSlice, v1. https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/ */
export const endpointSliceSchema = {
  type: "object",
  required: ["addressType"],
  properties: {
    addressType: { type: "string", enum: ["IPv4", "IPv6", "FQDN"] },
    endpoints: { type: "array", maxItems: 1000, items: endpoint },
    ports: {
      type: "array",
      maxItems: 20_000,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: {
        type: "object",
        properties: {
          name: { type: "string", default: "", maxLength: 63, pattern: patterns.portName },
          protocol: transportProtocol,
          port,
          appProtocol: { type: "string", maxLength: 317, pattern: patterns.labelKey },
        },
      },
    },
  },
} as const satisfies JsonSchema;
