/** How the fields of `spec.namespaces` of our cluster-scoped kinds fit together. */
import type { Kind } from "../../core/keys.ts";
import type { LabelSelectorRequirement } from "../../core/kubernetes.ts";
import type { NamespaceChoice } from "../../core/ownership.ts";
import { patterns } from "../schemas/patterns.ts";
import { type CelCheck, type CelRule, celOfChecks, keysOf, rulesOfChecks } from "./cel-check.ts";
import type { Rule } from "./rule.ts";

const ofChoice: readonly CelCheck<NamespaceChoice>[] = [
  {
    path: "spec.namespaces",
    cel: "has(self.names) || has(self.selector)",
    message: "must have names or a selector",
    holds: ({ names, selector }) => names !== undefined || selector !== undefined,
  },
];

const ofExpressions: readonly CelCheck<LabelSelectorRequirement>[] = [
  {
    path: "spec.namespaces.selector.matchExpressions[]",
    cel: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
    message: "must have values when, and only when, the operator is In or NotIn",
    holds: ({ operator, values = [] }) => (operator === "In" || operator === "NotIn") === values.length > 0,
  },
];

const ofLabels = keysOf("spec.namespaces.selector.matchLabels", patterns.labelKey, "label keys");

/** The rules for manifests from files. */
export function namespaceChoiceRules(kind: Kind): readonly Rule[] {
  return [...rulesOfChecks(kind, ofChoice), ...rulesOfChecks(kind, ofExpressions), ...rulesOfChecks(kind, ofLabels)];
}

/** The same rules for the API server. */
export const namespaceChoiceCel: readonly CelRule[] = [
  ...celOfChecks(ofChoice),
  ...celOfChecks(ofExpressions),
  ...celOfChecks(ofLabels),
];
