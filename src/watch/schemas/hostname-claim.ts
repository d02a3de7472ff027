import { hostname } from "./fields.ts";
import type { JsonSchema } from "./json-schema.ts";
import { namespaceChoice } from "./namespace-choice.ts";
import { patterns } from "./patterns.ts";

/** HostnameClaim, gatehouse.dev/v1alpha1. */
export const hostnameClaimSchema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      description:
        "Of several claims that cover a request the one with the most specific hostname counts, then the longest path.",
      required: ["hostname", "namespaces"],
      properties: {
        hostname: { ...hostname, description: "The domain that is granted; with *. in front only what lies below it." },
        subdomains: {
          type: "boolean",
          description: "Whether everything below the hostname is granted, too; not together with *. in front.",
          default: false,
        },
        path: {
          type: "string",
          description: "The path to which the claim is limited, with all that lies below it; every path unless told.",
          minLength: 1,
          maxLength: 512,
          pattern: patterns.urlPath,
        },
        namespaces: {
          ...namespaceChoice,
          description: "The namespaces to which it is granted; among several of them who comes first has it.",
        },
      },
    },
  },
} as const satisfies JsonSchema;
