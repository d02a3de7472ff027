import { duration } from "./fields.ts";
import { headerName } from "./http-filter.ts";
import type { JsonSchema } from "./json-schema.ts";

/**
 * `sessionPersistence` of the rules of HTTPRoutes and GRPCRoutes, which only the experimental channel has: an API server with
 * the CRDs of the standard channel drops it. https://gateway-api.sigs.k8s.io/reference/spec/#sessionpersistence
 */
export const sessionPersistence = {
  type: "object",
  properties: {
    type: { type: "string", default: "Cookie", enum: ["Cookie", "Header"] },
    cookie: {
      type: "object",
      properties: {
        name: headerName,
        path: { type: "string", default: "/", maxLength: 1024 },
        lifetimeType: { type: "string", default: "Session", enum: ["Permanent", "Session"] },
      },
    },
    header: { type: "object", required: ["name"], properties: { name: headerName } },
    absoluteTimeout: duration,
  },
} as const satisfies JsonSchema;
