import { lockableFields } from "../../core/gateway-parameters.ts";
import { gatewayBudget } from "./budget-limits.ts";
import { namespace, objectName, port } from "./fields.ts";
import type { JsonSchema } from "./json-schema.ts";
import { ownershipSchema } from "./ownership-parameters.ts";
import { cipherSuites, parameterBoundsSchema, replicas, serviceType, tlsVersion } from "./parameter-bounds.ts";
import { patterns } from "./patterns.ts";
import { limitsSchema } from "./proxy-limits.ts";

const quantities = {
  type: "object",
  maxProperties: 8,
  additionalProperties: { type: "string", maxLength: 32, pattern: patterns.quantity },
} as const satisfies JsonSchema;

const labelMap = {
  type: "object",
  maxProperties: 16,
  additionalProperties: { type: "string", maxLength: 63, pattern: patterns.labelValue },
} as const satisfies JsonSchema;

const autoscaling = {
  type: "object",
  description: "Lets a HorizontalPodAutoscaler decide how many proxies there are.",
  required: ["minReplicas", "maxReplicas", "targetCPUUtilization"],
  properties: {
    minReplicas: replicas,
    maxReplicas: replicas,
    targetCPUUtilization: {
      type: "integer",
      format: "int32",
      minimum: 1,
      maximum: 100,
      description: "Percent of the requested CPU that is aimed at.",
    },
  },
} as const satisfies JsonSchema;

const service = {
  type: "object",
  description: "The Service through which clients reach the proxies.",
  properties: {
    type: { ...serviceType, description: "LoadBalancer unless told." },
    annotations: {
      type: "object",
      description: "Annotations of the Service.",
      maxProperties: 32,
      additionalProperties: { type: "string", maxLength: 4096 },
    },
    loadBalancerClass: { type: "string", minLength: 1, maxLength: 317, pattern: patterns.labelKey },
    externalTrafficPolicy: { type: "string", enum: ["Cluster", "Local"] },
  },
} as const satisfies JsonSchema;

const toleration = {
  type: "object",
  properties: {
    key: { type: "string", maxLength: 317, pattern: patterns.labelKey },
    operator: { type: "string", enum: ["Exists", "Equal"] },
    value: { type: "string", maxLength: 63, pattern: patterns.labelValue },
    effect: { type: "string", enum: ["NoSchedule", "PreferNoSchedule", "NoExecute"] },
    tolerationSeconds: { type: "integer", format: "int64" },
  },
} as const satisfies JsonSchema;

const accessLog = {
  type: "object",
  description: "What the proxies write to their standard output of every request; a line of JSON unless told.",
  required: ["format"],
  properties: {
    format: { type: "string", enum: ["JSON", "Text", "None"] },
    fields: {
      type: "object",
      description: "Further fields of the JSON line, by name, with Envoy's command operators as values.",
      maxProperties: 32,
      additionalProperties: { type: "string", maxLength: 512 },
    },
    text: {
      type: "string",
      description: "The line that Text writes, with Envoy's command operators.",
      minLength: 1,
      maxLength: 2048,
    },
  },
} as const satisfies JsonSchema;

const tls = {
  type: "object",
  description: "What listeners that end TLS agree to.",
  properties: { minimumVersion: { ...tlsVersion, description: "1.2 unless told." }, cipherSuites },
} as const satisfies JsonSchema;

const listeners = {
  type: "array",
  description: "What proxies do on ports of the Gateway besides what the listeners there say.",
  maxItems: 64,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["port"],
  items: {
    type: "object",
    required: ["port"],
    properties: {
      port: { ...port, description: "The port of the listeners." },
      http3: {
        type: "boolean",
        description: "Serves the HTTPS listeners of the port by HTTP/3 as well, on the UDP port of that number.",
      },
      proxyProtocol: {
        type: "string",
        description:
          "Whether connections begin with a header of the PROXY protocol that says who the client is. Allow takes connections without it too, and believes whoever sends one. Off unless told.",
        enum: ["Off", "Allow", "Require"],
      },
    },
  },
} as const satisfies JsonSchema;

const proxyParameters = {
  image: {
    type: "string",
    description: "Image of Envoy.",
    minLength: 1,
    maxLength: 500,
    pattern: patterns.image,
  },
  replicas: { ...replicas, description: "How many proxies there are; 2 unless told." },
  autoscaling,
  resources: {
    type: "object",
    description: "What the container of Envoy requests, and its limits.",
    properties: { requests: quantities, limits: quantities },
  },
  service,
  nodeSelector: { ...labelMap, description: "Labels of the nodes on which the proxies run." },
  tolerations: {
    type: "array",
    description: "Taints of nodes on which the proxies run nevertheless.",
    maxItems: 16,
    "x-kubernetes-list-type": "atomic",
    items: toleration,
  },
  labels: { ...labelMap, description: "Labels of the proxies' pods." },
  hostNetwork: { type: "boolean", description: "Whether the proxies use their node's network." },
  logLevel: {
    type: "string",
    description: "How much Envoy writes to its log; warning unless told.",
    enum: ["trace", "debug", "info", "warning", "error", "critical", "off"],
  },
  accessLog,
  tls,
  listeners,
  ownership: ownershipSchema,
  budget: gatewayBudget,
  limits: limitsSchema,
} as const satisfies Readonly<Record<string, JsonSchema>>;

const classParameters = {
  proxies: {
    type: "string",
    description: "Who runs the proxies; Managed unless told. Only the object that a GatewayClass refers to may say it.",
    enum: ["Managed", "Unmanaged"],
  },
  addressService: {
    type: "object",
    description: "The Service whose addresses Gateways with unmanaged proxies tell. Of a GatewayClass only.",
    required: ["namespace", "name"],
    properties: { namespace, name: objectName },
  },
  addressAnnotation: {
    type: "string",
    description:
      "The annotation of a Service by which the load balancer is asked for an address. Of a GatewayClass only.",
    minLength: 1,
    maxLength: 317,
    pattern: patterns.annotationKey,
  },
  locked: {
    type: "array",
    description: "Fields that Gateways may not set. Of a GatewayClass only.",
    maxItems: lockableFields.length,
    "x-kubernetes-list-type": "set",
    items: { type: "string", enum: lockableFields },
  },
  bounds: parameterBoundsSchema,
} as const satisfies Readonly<Record<string, JsonSchema>>;

/** GatewayParameters, v1alpha1: the schema of our own kind, also printed as its CustomResourceDefinition. */
export const gatewayParametersSchema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      description:
        "What is said here for a GatewayClass holds for all its Gateways; a Gateway's own object comes on top.",
      properties: { ...proxyParameters, ...classParameters },
    },
  },
} as const satisfies JsonSchema;
