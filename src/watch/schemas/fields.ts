/** Fields that many Gateway API objects have in common. */
import type { JsonSchema } from "./json-schema.ts";
import { patterns } from "./patterns.ts";

/** An API group; empty for the core group. */
export const group = { type: "string", maxLength: 253, pattern: patterns.group } as const satisfies JsonSchema;

/** The kind of an object that is referred to. */
export const kind = {
  type: "string",
  minLength: 1,
  maxLength: 63,
  pattern: patterns.kind,
} as const satisfies JsonSchema;

/** The name of an object that is referred to. */
export const objectName = { type: "string", minLength: 1, maxLength: 253 } as const satisfies JsonSchema;

/** A namespace that is referred to. */
export const namespace = {
  type: "string",
  minLength: 1,
  maxLength: 63,
  pattern: patterns.dnsLabel,
} as const satisfies JsonSchema;

/** The name of a listener, a rule or another section of an object. */
export const sectionName = {
  type: "string",
  minLength: 1,
  maxLength: 253,
  pattern: patterns.dnsSubdomain,
} as const satisfies JsonSchema;

/** A host name that may begin with `*.`. */
export const hostname = {
  type: "string",
  minLength: 1,
  maxLength: 253,
  pattern: patterns.hostname,
} as const satisfies JsonSchema;

/** A host name without wildcard. */
export const preciseHostname = {
  type: "string",
  minLength: 1,
  maxLength: 253,
  pattern: patterns.dnsSubdomain,
} as const satisfies JsonSchema;

/** A port number. */
export const port = { type: "integer", format: "int32", minimum: 1, maximum: 65535 } as const satisfies JsonSchema;

/** A duration such as `1h30m`. */
export const duration = { type: "string", pattern: patterns.duration } as const satisfies JsonSchema;

/** A certificate reference: a Secret unless it says otherwise. */
export const secretReference = {
  type: "object",
  required: ["name"],
  properties: {
    group: { ...group, default: "" },
    kind: { ...kind, default: "Secret" },
    name: objectName,
    namespace,
  },
} as const satisfies JsonSchema;

/** A reference whose group and kind must be written. */
export const localObjectReference = {
  type: "object",
  required: ["group", "kind", "name"],
  properties: { group, kind, name: objectName },
} as const satisfies JsonSchema;

/** The same with an optional namespace. */
export const objectReference = {
  type: "object",
  required: ["group", "kind", "name"],
  properties: { ...localObjectReference.properties, namespace },
} as const satisfies JsonSchema;

/** A selection of objects by their labels. */
export const labelSelector = {
  type: "object",
  properties: {
    matchLabels: { type: "object", additionalProperties: { type: "string" } },
    matchExpressions: {
      type: "array",
      "x-kubernetes-list-type": "atomic",
      items: {
        type: "object",
        required: ["key", "operator"],
        properties: {
          key: { type: "string" },
          operator: { type: "string" },
          values: { type: "array", "x-kubernetes-list-type": "atomic", items: { type: "string" } },
        },
      },
    },
  },
} as const satisfies JsonSchema;
