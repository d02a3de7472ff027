import { quarantineLimits } from "../../core/quarantine.ts";
import type { JsonSchema } from "./json-schema.ts";
import { patterns } from "./patterns.ts";

/** Quarantine, gatehouse.dev/v1alpha1. */
export const quarantineSchema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      description: "What was refused, and in which form. It never changes: another form is another quarantine.",
      required: ["gateway", "object", "generation", "part", "hashes", "words", "since"],
      properties: {
        gateway: {
          type: "string",
          description: "Namespace and name of the Gateway whose proxies have refused it.",
          minLength: 3,
          maxLength: 320,
        },
        object: {
          type: "string",
          description: "Kind, namespace and name of the object that it was made from.",
          minLength: 1,
          maxLength: 400,
        },
        generation: {
          type: "integer",
          format: "int64",
          description: "The object's generation; a newer one gets another try.",
          minimum: 0,
        },
        part: {
          type: "string",
          description: "The name that proxies know it by: of the routes of a rule, a secret, or a cluster.",
          minLength: 1,
          maxLength: 1024,
        },
        hashes: {
          type: "array",
          description: "The first 16 hex digits of a SHA-256 over each message that it consists of.",
          minItems: 1,
          maxItems: quarantineLimits.hashes,
          "x-kubernetes-list-type": "atomic",
          items: { type: "string", maxLength: 16, pattern: patterns.contentHash },
        },
        words: {
          type: "string",
          description: "What Envoy said about it.",
          maxLength: quarantineLimits.wordsLength,
        },
        since: { type: "string", format: "date-time", description: "When it was refused first." },
      },
    },
  },
} as const satisfies JsonSchema;
