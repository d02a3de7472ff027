import { namespace } from "./fields.ts";
import type { JsonSchema } from "./json-schema.ts";
import { patterns } from "./patterns.ts";

/** HostnameRecord, gatehouse.dev/v1alpha1. */
export const hostnameRecordSchema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      description: "What is held, by whom and since when. It never changes: what is held by another is another record.",
      required: ["hostname", "namespace", "since", "object"],
      properties: {
        hostname: {
          type: "string",
          description: "The hostname; empty only with a path, of a listener without a hostname.",
          maxLength: 253,
          pattern: patterns.hostnameOrNone,
        },
        path: {
          type: "object",
          description: "The path that is held, where several namespaces share the hostname on a listener.",
          required: ["listener", "type", "value"],
          properties: {
            listener: {
              type: "string",
              description:
                "Kind, namespace and name of the Gateway or ListenerSet, and the listener's name; or the port that ListenerSets open on the Gateway.",
              minLength: 1,
              maxLength: 640,
            },
            type: { type: "string", enum: ["Exact", "PathPrefix", "RegularExpression"] },
            value: { type: "string", maxLength: 1024 },
          },
        },
        namespace: { ...namespace, description: "The namespace that holds it." },
        since: { type: "string", format: "date-time", description: "When it was first accepted." },
        object: {
          type: "string",
          description: "Kind, namespace and name of the object that was first.",
          minLength: 1,
          maxLength: 400,
        },
      },
    },
  },
} as const satisfies JsonSchema;

/** `status` of a HostnameRecord. */
export const hostnameRecordStatusSchema = {
  type: "object",
  properties: {
    unusedSince: {
      type: "string",
      format: "date-time",
      description: "When nothing wanted it any more; absent while something does.",
    },
  },
} as const satisfies JsonSchema;
