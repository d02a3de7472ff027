import type { RouteKind } from "../../core/keys.ts";
import { repeated } from "./listener.ts";
import { type Rule, type RuleCheck, rulesFor } from "./rule.ts";
import { sectionReferences } from "./section-references.ts";

/** How the parentRefs of a route of any kind fit together. */
export function parentRefRules(kind: RouteKind): readonly Rule[] {
  return rulesFor(kind, ["spec.parentRefs"], parentRefs);
}

/** No two rules of a route have one name. */
export const uniqueRuleNames: RuleCheck<readonly { readonly name?: string }[]> = {
  name: "rule names are unique",
  cel: "5d343ad9ee1d",
  check: (rules) =>
    repeated(
      rules.flatMap(({ name }) => (name === undefined ? [] : [name])),
      (name) => `has two rules named ${name}`,
    ),
};

const parentRefs = sectionReferences("parent", { allOrNone: "c931cd547ca6", distinct: "e906342c6f92" });
