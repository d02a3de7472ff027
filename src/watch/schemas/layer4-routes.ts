import type { JsonSchema } from "./json-schema.ts";
import { layer4Rules, parentRefs, serverNames } from "./route.ts";

/** TLSRoute, v1. https://gateway-api.sigs.k8s.io/reference/spec/#tlsroute */
export const tlsRouteSchema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      required: ["hostnames", "rules"],
      properties: { parentRefs, hostnames: serverNames, rules: layer4Rules },
    },
  },
} as const satisfies JsonSchema;

/** TCPRoute, v1. https://gateway-api.sigs.k8s.io/reference/spec/#tcproute */
export const tcpRouteSchema = {
  type: "object",
  required: ["spec"],
  properties: { spec: { type: "object", required: ["rules"], properties: { parentRefs, rules: layer4Rules } } },
} as const satisfies JsonSchema;

/** UDPRoute, v1. https://gateway-api.sigs.k8s.io/reference/spec/#udproute */
export const udpRouteSchema = tcpRouteSchema;
