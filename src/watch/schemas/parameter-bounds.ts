/** What Gateways of a class may ask for, and the fields that this has in common with the parameters themselves. */
import { cipherSuiteNames } from "../../core/gateway-parameters.ts";
import { hostname, port } from "./fields.ts";
import type { JsonSchema } from "./json-schema.ts";
import { patterns } from "./patterns.ts";
import { limitBoundsSchema } from "./proxy-limits.ts";

/** A number of proxies. */
export const replicas = { type: "integer", format: "int32", minimum: 1, maximum: 1000 } as const satisfies JsonSchema;

/** How a Service is reached. */
export const serviceType = {
  type: "string",
  enum: ["LoadBalancer", "NodePort", "ClusterIP"],
} as const satisfies JsonSchema;

/** The oldest version of TLS that is spoken. */
export const tlsVersion = { type: "string", enum: ["1.2", "1.3"] } as const satisfies JsonSchema;

/** Cipher suites of TLS 1.2 by the names that Envoy knows; those of TLS 1.3 cannot be chosen. */
export const cipherSuites = {
  type: "array",
  description:
    "Cipher suites of TLS 1.2, the preferred one first; Envoy's own unless told. TLS 1.3 has suites of its own.",
  minItems: 1,
  maxItems: 16,
  "x-kubernetes-list-type": "atomic",
  items: {
    type: "string",
    enum: cipherSuiteNames,
  },
} as const satisfies JsonSchema;

/** `spec.bounds` of GatewayParameters. */
export const parameterBoundsSchema = {
  type: "object",
  description: "What Gateways may ask for. Of a GatewayClass only.",
  properties: {
    replicas: {
      type: "object",
      description: "Without a maximum no Gateway gets more proxies than the class itself says.",
      properties: { minimum: replicas, maximum: replicas },
    },
    images: {
      type: "array",
      description: "Images that Gateways may name; a * at the end stands for anything. None unless told.",
      maxItems: 32,
      "x-kubernetes-list-type": "set",
      items: { type: "string", minLength: 1, maxLength: 500, pattern: patterns.imagePattern },
    },
    serviceTypes: {
      type: "array",
      description: "Types of Services that Gateways may choose; none but the class's own unless told.",
      maxItems: 3,
      "x-kubernetes-list-type": "set",
      items: serviceType,
    },
    hostNetwork: { type: "boolean", description: "Whether Gateways may use their nodes' network." },
    ports: {
      type: "array",
      description: "Ports that listeners may have; all unless told.",
      minItems: 1,
      maxItems: 32,
      "x-kubernetes-list-type": "atomic",
      items: { type: "object", required: ["from", "to"], properties: { from: port, to: port } },
    },
    protocols: {
      type: "array",
      description: "Protocols that listeners may have; all unless told.",
      minItems: 1,
      maxItems: 16,
      "x-kubernetes-list-type": "set",
      items: { type: "string", minLength: 1, maxLength: 255, pattern: patterns.protocol },
    },
    hostnames: {
      type: "array",
      description:
        "Hostnames that listeners may have: exact ones, or *.example.com for everything below it. All unless told.",
      minItems: 1,
      maxItems: 64,
      "x-kubernetes-list-type": "set",
      items: hostname,
    },
    tls: {
      type: "object",
      properties: { minimumVersion: tlsVersion, cipherSuites },
    },
    addresses: {
      type: "array",
      description: "Ranges in which Gateways may ask for addresses; none unless told.",
      maxItems: 64,
      "x-kubernetes-list-type": "set",
      items: { type: "string", minLength: 1, maxLength: 64, pattern: patterns.cidr },
    },
    limits: limitBoundsSchema,
  },
} as const satisfies JsonSchema;
