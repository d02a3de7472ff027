import { namespaceLimits } from "./budget-limits.ts";
import type { JsonSchema } from "./json-schema.ts";
import { namespaceChoice } from "./namespace-choice.ts";

/** NamespaceBudget, gatehouse.dev/v1alpha1. */
export const namespaceBudgetSchema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      description: "Where several budgets are for one namespace the lowest limit of each kind counts.",
      required: ["namespaces", "limits"],
      properties: {
        namespaces: {
          ...namespaceChoice,
          description: "The namespaces that it limits, each for itself; an empty selector stands for all.",
        },
        limits: namespaceLimits,
      },
    },
  },
} as const satisfies JsonSchema;
