import { quoteValue } from "../problem.ts";
import { repeated } from "./listener.ts";
import type { RuleCheck } from "./rule.ts";

/** A reference to an object, or to one section of it. */
interface SectionReference {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly sectionName?: string;
}

/** What several references to one object must keep to; `cels` are the hashes of the two rules in the API. */
export function sectionReferences(
  what: "parent" | "target",
  cels: { readonly allOrNone: string; readonly distinct: string },
): readonly RuleCheck<readonly SectionReference[]>[] {
  return [
    {
      name: `two references to one ${what} both have a sectionName, or neither`,
      cel: cels.allOrNone,
      check: (refs) => {
        const mixed = refs.find((ref) =>
          refs.some(
            (other) =>
              named(ref) === named(other) && (ref.sectionName === undefined) !== (other.sectionName === undefined),
          ),
        );
        return mixed && `must name a sectionName in each reference to ${quoteValue(mixed.name)}, as there are several`;
      },
    },
    {
      name: `two references to one ${what} have different sectionNames`,
      cel: cels.distinct,
      check: (refs) =>
        repeated(
          refs.map((ref) => JSON.stringify([named(ref), ref.sectionName])),
          () => `must not refer twice to the same section of the same ${what}`,
        ),
    },
  ];
}

function named({ group, kind, namespace, name }: SectionReference): string {
  return JSON.stringify([group, kind, namespace, name]);
}
