import { port } from "./fields.ts";
import type { JsonSchema } from "./json-schema.ts";
import { labels } from "./metadata.ts";
import { patterns } from "./patterns.ts";

const text = { type: "string" } as const satisfies JsonSchema;
const texts = { type: "array", items: text } as const satisfies JsonSchema;

/** TCP unless it says otherwise. */
export const transportProtocol = {
  type: "string",
  default: "TCP",
  enum: ["TCP", "UDP", "SCTP"],
} as const satisfies JsonSchema;

const ports = {
  type: "array",
  items: {
    type: "object",
    required: ["port"],
    properties: {
      name: { type: "string", maxLength: 63, pattern: patterns.portName },
      protocol: transportProtocol,
      appProtocol: { type: "string", maxLength: 317, pattern: patterns.labelKey },
      port,
      targetPort: {
        anyOf: [
          { type: "integer", minimum: 1, maximum: 65535 },
          { type: "string", minLength: 1, maxLength: 15, pattern: patterns.dnsLabel },
        ],
      },
      nodePort: { type: "integer", minimum: 0, maximum: 65535 },
    },
  },
} as const satisfies JsonSchema;

/** Service, v1. https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/ */
export const serviceSchema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      properties: {
        type: { type: "string", default: "ClusterIP", enum: ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] },
        ports,
        selector: labels,
        clusterIP: text,
        clusterIPs: texts,
        externalIPs: texts,
        externalName: text,
        externalTrafficPolicy: { type: "string", enum: ["Cluster", "Local"] },
        internalTrafficPolicy: { type: "string", enum: ["Cluster", "Local"] },
        healthCheckNodePort: { type: "integer", minimum: 0, maximum: 65535 },
        ipFamilies: { type: "array", maxItems: 2, items: { type: "string", enum: ["IPv4", "IPv6"] } },
        ipFamilyPolicy: { type: "string", enum: ["SingleStack", "PreferDualStack", "RequireDualStack"] },
        loadBalancerIP: text,
        loadBalancerClass: text,
        loadBalancerSourceRanges: texts,
        allocateLoadBalancerNodePorts: { type: "boolean" },
        publishNotReadyAddresses: { type: "boolean" },
        sessionAffinity: { type: "string", enum: ["None", "ClientIP"] },
        sessionAffinityConfig: {
          type: "object",
          properties: {
            clientIP: {
              type: "object",
              properties: { timeoutSeconds: { type: "integer", minimum: 1, maximum: 86_400 } },
            },
          },
        },
        trafficDistribution: text,
      },
    },
  },
} as const satisfies JsonSchema;
