/** Counts that a namespace may not exceed; see BudgetLimits. */
import type { JsonSchema } from "./json-schema.ts";

const count = { type: "integer", format: "int32", minimum: 0 } as const satisfies JsonSchema;

const attached = {
  routes: { ...count, description: "Routes." },
  rules: { ...count, description: "Rules of all routes together." },
  hostnames: { ...count, description: "Different hostnames." },
  regexes: { ...count, description: "Regular expressions in matches of paths, headers and query parameters." },
  listeners: { ...count, description: "Listeners." },
  certificates: { ...count, description: "References to certificates." },
  changesPerMinute: {
    ...count,
    // With none at all a change would never come.
    minimum: 1,
    description: "Changes in a minute; what goes beyond is delayed and merged, and never lost.",
  },
} as const satisfies Readonly<Record<string, JsonSchema>>;

const { changesPerMinute } = attached;

/** What the objects of one namespace may come to on one Gateway. */
export const gatewayBudget = {
  type: "object",
  description:
    "What each other namespace may attach to a Gateway. What is absent is not limited; a Gateway may only ask for less than its class.",
  properties: {
    ...attached,
    changesPerMinute: {
      ...changesPerMinute,
      description: `${changesPerMinute.description} Counts in the object of a class only, for namespaces of which no NamespaceBudget says it; of several classes the lowest counts.`,
    },
  },
} as const satisfies JsonSchema;

/** What the objects of one namespace may come to altogether. */
export const namespaceLimits = {
  type: "object",
  description: "What the objects of each of the namespaces may come to. What is absent is not limited.",
  minProperties: 1,
  properties: {
    ...attached,
    gateways: { ...count, description: "Gateways." },
    backendTlsPolicies: {
      ...count,
      description: "BackendTLSPolicies. One that is beyond it closes the Service ports that it is for.",
    },
    authorities: {
      ...count,
      description: "References to ConfigMaps with authorities, of BackendTLSPolicies and Gateways.",
    },
  },
} as const satisfies JsonSchema;
