import type { JsonSchema } from "./json-schema.ts";

/** `spec.ownership` of GatewayParameters; see OwnershipParameters. */
export const ownershipSchema = {
  type: "object",
  description: "Who may answer which hostname of a Gateway.",
  properties: {
    mode: {
      type: "string",
      description:
        "Whether hostnames and paths that another namespace holds are refused; Warn tells it and serves them. Enforce unless told for a Gateway whose listeners admit other namespaces, else Off.",
      enum: ["Off", "Warn", "Enforce"],
    },
    uniqueness: {
      type: "string",
      description: "Whether a hostname is a namespace's, or one route's; Namespace unless told.",
      enum: ["Namespace", "Route"],
    },
    unclaimedHostnames: {
      type: "string",
      description:
        "Whether a hostname that nobody holds goes to who comes first, or needs a HostnameClaim; Allowed unless told.",
      enum: ["Allowed", "Forbidden"],
    },
    acmeChallenges: {
      type: "string",
      description:
        "Whether the Gateway's own namespace may answer /.well-known/acme-challenge/ below every hostname of its listeners; Allowed unless told.",
      enum: ["Allowed", "Forbidden"],
    },
    foreignEndpoints: {
      type: "string",
      description:
        "Whether endpoints count that a hand-written EndpointSlice has in other namespaces; Refused unless told. Only the object that a GatewayClass refers to may allow them.",
      enum: ["Allowed", "Refused"],
    },
  },
} as const satisfies JsonSchema;
