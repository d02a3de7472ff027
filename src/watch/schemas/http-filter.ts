import { group, kind, localObjectReference, namespace, objectName, port, preciseHostname } from "./fields.ts";
import type { JsonSchema } from "./json-schema.ts";
import { patterns } from "./patterns.ts";

/** The name of a header or of a query parameter. */
export const headerName = {
  type: "string",
  minLength: 1,
  maxLength: 256,
  pattern: patterns.headerName,
} as const satisfies JsonSchema;

/** A reference to a backend: a core Service unless it says otherwise. */
export const backendReference = {
  type: "object",
  required: ["name"],
  properties: {
    group: { ...group, default: "" },
    kind: { ...kind, default: "Service" },
    name: objectName,
    namespace,
    port,
  },
} as const satisfies JsonSchema;

const headerList = {
  type: "array",
  maxItems: 16,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["name"],
  items: {
    type: "object",
    required: ["name", "value"],
    properties: { name: headerName, value: { type: "string", minLength: 1, maxLength: 4096 } },
  },
} as const satisfies JsonSchema;

const headerModifier = {
  type: "object",
  properties: {
    add: headerList,
    set: headerList,
    remove: { type: "array", maxItems: 16, "x-kubernetes-list-type": "set", items: { type: "string" } },
  },
} as const satisfies JsonSchema;

const pathModifier = {
  type: "object",
  required: ["type"],
  properties: {
    type: { type: "string", enum: ["ReplaceFullPath", "ReplacePrefixMatch"] },
    replaceFullPath: { type: "string", maxLength: 1024 },
    replacePrefixMatch: { type: "string", maxLength: 1024 },
  },
} as const satisfies JsonSchema;

const requestRedirect = {
  type: "object",
  properties: {
    scheme: { type: "string", enum: ["http", "https"] },
    hostname: preciseHostname,
    path: pathModifier,
    port,
    statusCode: { type: "integer", default: 302, enum: [301, 302, 303, 307, 308] },
  },
} as const satisfies JsonSchema;

const urlRewrite = {
  type: "object",
  properties: { hostname: preciseHostname, path: pathModifier },
} as const satisfies JsonSchema;

const requestMirror = {
  type: "object",
  required: ["backendRef"],
  properties: {
    backendRef: backendReference,
    percent: { type: "integer", format: "int32", minimum: 0, maximum: 100 },
    fraction: {
      type: "object",
      required: ["numerator"],
      properties: {
        numerator: { type: "integer", format: "int32", minimum: 0 },
        denominator: { type: "integer", format: "int32", default: 100, minimum: 1 },
      },
    },
  },
} as const satisfies JsonSchema;

const headerNames = {
  type: "array",
  maxItems: 64,
  "x-kubernetes-list-type": "set",
  items: headerName,
} as const satisfies JsonSchema;

const cors = {
  type: "object",
  properties: {
    allowCredentials: { type: "boolean" },
    allowHeaders: headerNames,
    allowMethods: {
      type: "array",
      maxItems: 9,
      "x-kubernetes-list-type": "set",
      items: {
        type: "string",
        enum: ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"],
      },
    },
    allowOrigins: {
      type: "array",
      maxItems: 64,
      "x-kubernetes-list-type": "set",
      items: { type: "string", minLength: 1, maxLength: 253, pattern: patterns.origin },
    },
    exposeHeaders: headerNames,
    maxAge: { type: "integer", format: "int32", default: 5, minimum: 1 },
  },
} as const satisfies JsonSchema;

/** The filters of a rule or of one backend. https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter */
export const httpFiltersSchema = {
  type: "array",
  maxItems: 16,
  "x-kubernetes-list-type": "atomic",
  items: {
    type: "object",
    required: ["type"],
    properties: {
      type: {
        type: "string",
        enum: [
          "RequestHeaderModifier",
          "ResponseHeaderModifier",
          "RequestMirror",
          "RequestRedirect",
          "URLRewrite",
          "ExtensionRef",
          "CORS",
        ],
      },
      requestHeaderModifier: headerModifier,
      responseHeaderModifier: headerModifier,
      requestMirror,
      requestRedirect,
      urlRewrite,
      extensionRef: localObjectReference,
      cors,
    },
  },
} as const satisfies JsonSchema;
